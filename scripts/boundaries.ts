// The boundary gate of the project in the current folder: `npm run boundaries`. Exit 1 when a boundary is broken.
import { checkBoundaries } from './lib/check-boundaries.ts'

const { files, read, violations } = await checkBoundaries()
for (const rule of new Set(violations.map(violation => violation.rule))) {
  const broken = violations.filter(violation => violation.rule === rule)
  process.stdout.write(`${rule}: ${broken[0]?.instead}\n`)
  for (const { from, to } of broken) process.stdout.write(`  ${from} → ${to}\n`)
}
process.stdout.write(`${read} of ${files} files read, ${violations.length} boundaries broken.\n`)
process.exitCode = violations.length > 0 ? 1 : 0
