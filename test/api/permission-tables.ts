import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, section, tableRows } from '../unit/readme/markdown.ts'

const bare = (cell = ''): string => cell.replaceAll('`', '')

/** The tables of `docs/permissions.md`, as people read them. */
export function permissionTables() {
  const text = readFileSync(join(root, 'docs/permissions.md'), 'utf8')
  const scopes = section(text, '## Scopes and roles')
  const roles = scopes.split('\n').find((line) => line.startsWith('|'))!.slice(1, -1).split('|').map((cell) => bare(cell.trim())).slice(2)
  /** Scope → who has it. */
  const holders = new Map(tableRows(scopes).map(([scope, , ...marks]) => [bare(scope), roles.filter((_, at) => marks[at] === '✓')]))
  /** `GET /v1/credentials` → a scope, `session`, `recipient`, `client` or `everyone`. */
  const needs = new Map(tableRows(section(text, '## Routes')).map(([route, need]) => [bare(route), bare(need)]))
  return { roles, holders, needs }
}
