import { describe, expect, test } from 'vitest'
import { pino } from 'pino'
import type { OrganizationId } from '#platform/organization-id.ts'
import { testDialects, testKeys } from '../../../../test/kernel/test-database.ts'
import type { IdentityContext } from '../identity-context.ts'
import { createAccountMails } from '../mail/account-mails.ts'
import { createSecurityMails } from '../mail/security-mails.ts'
import { createMembers } from '../membership/members.ts'
import { createSessions } from '../session/sessions.ts'
import { schema } from '../tables.ts'
import { createAccountDeletion } from './account-deletion.ts'
import { createPersons } from './persons.ts'

const acme = 'acme' as OrganizationId

/** Accounts and memberships over a database, without the rest of identity. */
async function accounts(open: (typeof testDialects)[number][1]) {
  const { ring } = testKeys()
  const store = await open(schema, ring)
  const { database } = store
  const context = { database, keys: ring, publicUrl: 'http://vellum.test', now: () => new Date(), log: pino({ level: 'silent' }), config: { ACCESS_TOKEN_SECONDS: 600 } } as unknown as IdentityContext
  const [persons, sessions, mails] = [createPersons(context), createSessions(context), createAccountMails(context)]
  const members = createMembers(context, { persons, sessions })
  const deletion = createAccountDeletion(context, { sessions, members, mails, securityMails: createSecurityMails(context, mails), invitations: { forget: async () => {} } })
  await database.transaction((tx) => tx.insert(database.tables.organizations).values({ id: acme, slug: 'acme', name: 'Acme', defaultLocale: 'en', createdAt: new Date() }))
  async function person(name: string) {
    const { id, write } = await persons.prepareNew({ email: `${name}@canary.example`, name, passwordHash: 'none' })
    await database.transaction(write)
    return id
  }
  const join = (personId: string, role: 'owner' | 'viewer') => database.transaction((tx) => members.add(tx, { organizationId: acme, personId, role }))
  const rows = async () => ({ members: await database.read.select().from(database.tables.members), persons: (await database.read.select().from(database.tables.persons)).map(({ id }) => id) })
  return { person, join, rows, delete: deletion.delete, close: store.close }
}
const outcomes = (settled: PromiseSettledResult<unknown>[]) => settled.map((one) => (one.status === 'fulfilled' ? 'done' : one.reason.code)).toSorted()

describe.each(testDialects)('at once, on %s', (_, open) => {
  test('who deletes an account and who makes it a member leave no member without a person', async () => {
    const all = await accounts(open)
    for (let round = 0; round < 12; round++) {
      const id = await all.person(`vera-${round}`)
      // In either order, and now and then in the midst of each other.
      const both = [() => all.delete(id), () => all.join(id, 'viewer')]
      const settled = await Promise.allSettled((round % 2 ? both.toReversed() : both).map((work) => work()))
      expect([['done', 'done'], ['done', 'gone']]).toContainEqual(outcomes(settled))
    }
    expect(await all.rows()).toEqual({ members: [], persons: [] })
    await all.close()
  })

  test('of two owners who delete their accounts one stays', async () => {
    const all = await accounts(open)
    const two = [await all.person('olive'), await all.person('second')]
    for (const id of two) await all.join(id, 'owner')
    expect(outcomes(await Promise.allSettled(two.map((id) => all.delete(id))))).toEqual(['done', 'state-refused'])
    const { members, persons } = await all.rows()
    expect(members.map(({ personId, role }) => [personId, role])).toEqual([[persons[0], 'owner']])
    await all.close()
  })
})
