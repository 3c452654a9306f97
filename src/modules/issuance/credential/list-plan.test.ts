import { eq, lt, type SQL } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { preparedStatement } from '#platform/database/prepared-statement.ts'
import { type Issuance, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { planOf } from '../../../../test/kernel/query-plan.ts'
import { sqliteDatabase } from '../../../../test/kernel/test-database.ts'
import { ofRecipients } from '../recipient/search-words.ts'
import { pageOf } from './credential-queries.ts'

let issuance: Issuance
beforeAll(async () => {
  issuance = await startIssuance(sqliteDatabase)
})
afterAll(() => issuance.stop())

/** In one text, so that one look finds a word anywhere in it. */
const pagePlan = async (conditions: SQL[]) =>
  (await planOf(issuance.database, preparedStatement(() => pageOf(issuance.database, conditions, 201).getSQL()), {})).join('\n')

test('a page of the list is read in its order: nothing is sorted, however much the organization has', async () => {
  const { credentials } = issuance.database.tables
  const own = eq(credentials.organizationId, 'acme')
  for (const conditions of [[own], [own, lt(credentials.id, 'x')], [own, eq(credentials.state, 'issued')]]) {
    const plan = await pagePlan(conditions)
    expect(plan).toContain('credentials_by_organization')
    expect(plan).not.toContain('TEMP B-TREE')
  }
})

test('what stands for few people is looked up, not looked for in the whole list', async () => {
  const { database } = issuance
  const { credentials } = database.tables
  const own = eq(credentials.organizationId, 'acme')
  for (const many of [1, 3, 1_000]) for (const rest of [[], [lt(credentials.id, 'x')]]) {
    const plan = await pagePlan([own, ofRecipients(database, Array.from({ length: many }, (_, at) => `recipient-${at}`)), ...rest])
    expect(plan).toContain('credentials_by_recipient')
    expect(plan).toContain('(organization_id=? AND id=?)')
  }
})
