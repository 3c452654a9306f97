import { z } from 'zod'
import type { AuditEntryJson } from '../platform-operations.ts'
import { Problem } from '../problem.ts'
import type { AuditFilter } from './list-audit.ts'

type Entry = z.output<typeof AuditEntryJson>

/** Where one module's chain can be read, here or elsewhere. */
export interface AuditSource {
  readonly module: string
  readonly read: (filter: AuditFilter) => Promise<{ entries: Entry[] }>
}

/** By module the smallest number that was shown; 1 when nothing is left there. */
const Cursor = z.record(z.string(), z.number().int().min(1))
export type AuditCursor = z.output<typeof Cursor>

/** Throws `Problem('bad-request')` for what no page has given. */
export function readCursor(text: string | null | undefined): AuditCursor {
  if (text == null) return {}
  try {
    return Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch (cause) {
    throw new Problem('bad-request', 'Give what the page before named as next.', { cause })
  }
}

/**
 * A page over the chains of all modules, newest first; entries of one instant in the order of modules. Every module is asked for
 * a whole page, because all of it may be its own. A module that is away makes it fail: a trail with a hole would look whole.
 */
export async function readAudit(
  sources: readonly AuditSource[],
  { module: only, ...filter }: Omit<AuditFilter, 'before'> & { readonly module?: string | undefined },
  cursor: AuditCursor,
) {
  const asked = sources.filter(({ module }) => only === undefined || only === module)
  if (asked.length === 0) throw new Problem('bad-request', `Choose a module from ${sources.map(({ module }) => module).join(', ')}.`)
  const pages = await Promise.all(
    asked.map(async ({ module, read }) => {
      const before = cursor[module]
      const { entries } = before === 1 ? { entries: [] } : await read({ ...filter, ...(before !== undefined && { before }) })
      return entries.map((entry) => ({ module, ...entry }))
    }),
  )
  const found = pages.flat().sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
  const entries = found.slice(0, filter.limit)
  const next: AuditCursor = { ...cursor }
  for (const { module, sequence } of entries) next[module] = sequence
  const more = found.length > entries.length || pages.some((page) => page.length === filter.limit)
  return { entries, next: more ? Buffer.from(JSON.stringify(next)).toString('base64url') : null }
}
