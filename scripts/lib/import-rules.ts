import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import type { Violation } from './violation.ts'

type Modules = ICruiseResult['modules']

/**
 * Can running `from` load `to` through other files? An import of types alone loads nothing, so only the first step
 * may be one: a rule may not name a forbidden type itself, but what it uses may.
 */
function reaches(modules: Modules, from: string, to: string): boolean {
  const imports = new Map(modules.map(({ source, dependencies }) => [source, dependencies]))
  if (imports.get(from)?.some(({ resolved }) => resolved === to)) return true
  const seen = new Set([from])
  for (const file of seen) {
    if (file === to) return true
    for (const { resolved, typeOnly, dependencyTypes } of imports.get(file) ?? []) {
      if (!typeOnly && !dependencyTypes.includes('type-only')) seen.add(resolved)
    }
  }
  return false
}

/**
 * Holds the imports of every file under src against .dependency-cruiser.mjs, in the current folder. Returns what it
 * found and which files it read.
 */
export async function checkImports(): Promise<{ violations: Violation[], read: string[] }> {
  const options = await extractOptions('./.dependency-cruiser.mjs')
  const { output } = await cruise(['src'], options, undefined, { tsConfig: extractTsConfig('tsconfig.json') })
  const { modules, summary } = output as ICruiseResult
  const comments = new Map(summary.ruleSetUsed?.forbidden?.map(rule => [rule.name, rule.comment ?? '']))
  const violations = summary.violations
    .filter(({ type, from, to }) => type !== 'reachability' || reaches(modules, from, to))
    .map(({ rule, from, to, cycle, via }) => ({
      rule: rule.name,
      from,
      to: [...new Set([...(cycle ?? via ?? []).map(({ name }) => name), to])].join(' → '),
      instead: comments.get(rule.name) ?? '',
    }))
  const read = modules.map(({ source }) => source).filter(source => /^src\/.*\.tsx?$/.test(source))
  return { violations, read }
}
