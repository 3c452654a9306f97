import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import type { Violation } from './violation.ts'

/**
 * Holds the imports of every file under src against .dependency-cruiser.mjs, in the current folder. Returns what it
 * found and which files it read.
 */
export async function checkImports(): Promise<{ violations: Violation[], read: string[] }> {
  const options = await extractOptions('./.dependency-cruiser.mjs')
  const { output } = await cruise(['src'], options, undefined, { tsConfig: extractTsConfig('tsconfig.json') })
  const { modules, summary } = output as ICruiseResult
  const comments = new Map(summary.ruleSetUsed?.forbidden?.map(rule => [rule.name, rule.comment ?? '']))
  const violations = summary.violations.map(({ rule, from, to, cycle, via }) => ({
    rule: rule.name,
    from,
    to: [...new Set([...(cycle ?? via ?? []).map(({ name }) => name), to])].join(' → '),
    instead: comments.get(rule.name) ?? '',
  }))
  const read = modules.map(({ source }) => source).filter(source => /^src\/.*\.tsx?$/.test(source))
  return { violations, read }
}
