import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../problem.ts'
import { type AuditSource, readAudit, readCursor } from './whole-audit.ts'

/** A chain whose entries happened at these minutes. */
const source = (module: string, minutes: readonly number[]): AuditSource => ({
  module,
  read: async ({ before = Infinity, limit }) => ({
    entries: minutes
      .map((minute, index) => ({
        sequence: index + 1, at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(), actor: 'cli', address: null,
        action: 'note.made', target: 'x', details: {}, traceId: null, hash: '',
      }))
      .filter(({ sequence }) => sequence < before)
      .reverse()
      .slice(0, limit),
  }),
})

describe('the trail over all modules', () => {
  it('shows every entry once, newest first, whatever the chains and the size of a page', async () => {
    const chain = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 }).map((minutes) => minutes.toSorted((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(fc.array(chain, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 7 }), async (chains, limit) => {
        const sources = chains.map((minutes, at) => source(`module${at}`, minutes))
        const shown: { module: string; sequence: number; at: string }[] = []
        for (let next: string | null | undefined; next !== null;) {
          const page = await readAudit(sources, { organizationId: 'acme', limit }, readCursor(next))
          expect(page.entries.length).toBeLessThanOrEqual(limit)
          shown.push(...page.entries)
          next = page.next
        }
        expect(shown).toHaveLength(chains.flat().length)
        expect(new Set(shown.map(({ module, sequence }) => `${module} ${sequence}`)).size).toBe(shown.length)
        expect(shown.map(({ at }) => at)).toEqual(shown.map(({ at }) => at).toSorted().reverse())
      }),
    )
  })

  it('is not shown with a hole while a module is away', async () => {
    const away = { module: 'away', read: () => Promise.reject(new Problem('unavailable', 'Later.')) }
    await expect(readAudit([source('here', [1]), away], { organizationId: 'acme', limit: 5 }, {})).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('takes no page that it has not named', () => {
    for (const text of ['', 'x', Buffer.from('{"a":0}').toString('base64url'), Buffer.from('[1]').toString('base64url')])
      expect(() => readCursor(text), text).toThrow(Problem)
  })
})
