import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { currentContext, inContext } from '#platform/context.ts'
import { defineSchema } from '#platform/database/schema.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { bulkCommits, type Effect } from './bulk-commits.ts'

const schema = defineSchema('press', (kit) => ({
  pages: kit.tenantTable('pages', { id: kit.id().primaryKey(), organizationId: kit.text().notNull() }),
}))
type Tables = ReturnType<typeof schema.sqlite>['tables']

const acme = 'acme' as OrganizationId
const beta = 'beta' as OrganizationId

describe.each(testDialects)('ends that commit together on %s', (dialect, open) => {
  let opened: TestDatabase<Tables>
  /** The items of each transaction that was begun. */
  let bulks: string[][]
  let commit: (item: string, effect: Effect<Tables>) => Promise<void>
  beforeEach(async () => {
    opened = await open(schema, testKeys().ring)
    bulks = []
    commit = bulkCommits<Tables, string>(opened.database, {
      async fence(_, items) {
        bulks.push([...items])
        return new Set(items.filter((item) => !item.startsWith('taken')))
      },
      lost: () => new Error('lost'),
    })
  })
  afterEach(() => opened.close())

  const write = (id: string, organizationId = acme): Effect<Tables> => async (tx) =>
    void (await tx.insert(tx.tables.pages).values({ id, organizationId }))
  const end = (id: string, effect = write(id), organizationId = acme) => inContext({ organizationId }, () => commit(id, effect))
  const pages = async () => (await opened.database.read.select().from(opened.database.tables.pages)).map(({ id }) => id).sort()
  const numbers = Array.from({ length: 120 }, (_, i) => `${i}`.padStart(3, '0'))

  test('share few transactions, none of which is long', async () => {
    await Promise.all(numbers.map((id) => end(id)))
    expect(await pages()).toEqual(numbers)
    expect(bulks.length).toBeLessThanOrEqual(6)
    expect(Math.max(...bulks.map((items) => items.length))).toBeLessThanOrEqual(50)
  })

  test('fail each alone: neighbours of one that throws, or whose statement fails, are written once', async () => {
    await end('there')
    const results = await Promise.allSettled([
      end('a'),
      end('half', async (tx) => {
        await tx.insert(tx.tables.pages).values({ id: 'half', organizationId: acme })
        throw new Error('half way')
      }),
      end('b'),
      end('again', write('there')),
      end('caught', async (tx) => {
        await tx.insert(tx.tables.pages).values({ id: 'there', organizationId: acme }).catch(() => {})
      }),
      end('c'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { message: 'half way' } })
    expect(await pages()).toEqual(['a', 'b', 'c', 'there'])
  })

  test('have no effect where the fence says that another was quicker, and the others have theirs', async () => {
    const results = await Promise.allSettled([end('a'), end('taken'), end('b')])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { message: 'lost' } })
    expect(await pages()).toEqual(['a', 'b'])
  })

  test('have each the context in which it was handed in', async () => {
    const seen: unknown[] = []
    await Promise.all([acme, beta].map((organizationId) => inContext({ organizationId, actor: `for ${organizationId}` }, () =>
      commit(organizationId, async () => {
        const { organizationId, actor, transaction } = currentContext()
        seen.push([organizationId, actor, transaction])
      }))))
    expect(seen.sort()).toEqual([['acme', 'for acme', true], ['beta', 'for beta', true]])
  })

  test('see on Postgres the rows of their own organization alone', async () => {
    await Promise.all([end('a'), end('b', write('b', beta), beta)])
    const counts = new Map<string, number>()
    const count = (organizationId: OrganizationId) => end(`count ${organizationId}`, async (tx) => {
      counts.set(organizationId, await tx.$count(tx.tables.pages))
    }, organizationId)
    await Promise.all([count(acme), count(beta)])
    const expected = dialect === 'Postgres' ? 1 : 2
    expect([...counts]).toEqual(expect.arrayContaining([['acme', expected], ['beta', expected]]))
  })
})
