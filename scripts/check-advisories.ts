// Asks the registry for advisories on every package that ships, and exits with 1 when one is serious. Where the registry does
// not answer such questions it says so, and exits with 0: nothing is known then.
import { spawnSync } from 'node:child_process'
import { readAdvisories } from './lib/advisory-rules.ts'

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 60_000 })
const advisories = readAdvisories(stdout)
if (advisories === undefined) {
  process.stdout.write('The registry told nothing about advisories: the packages were not checked for any.\n')
} else {
  for (const { name, severity, title, url } of advisories.all) process.stdout.write(`${severity}  ${name}: ${title} ${url}\n`)
  process.stdout.write(`${advisories.all.length} advisories, ${advisories.serious.length} of them serious.\n`)
  if (advisories.serious.length > 0) process.stdout.write('Take a version without them, or another package.\n')
  process.exitCode = advisories.serious.length > 0 ? 1 : 0
}
