import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { type Issuance, type IssuanceProcess, person, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { decodeList, getBit } from '../status-list/bitstring.ts'

describe.each(testDialects)('many are revoked at once on %s', { timeout: 60_000 }, (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  let there: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open)
    here = issuance.compose()
    there = issuance.compose()
  })
  afterEach(() => issuance.stop())

  test('each over two processes: every revocation is acknowledged, and stands in the signed list', async () => {
    const accepted = []
    for (let i = 0; i < 60; i++) accepted.push((await here.ask('POST', '/v1/credentials', person(i))).json.id)
    const answers = await Promise.all(accepted.map((id, i) => (i % 2 ? here : there).ask('POST', `/v1/credentials/${id}/revoke`, {})))
    expect([...new Set(answers.map(({ status, text }) => (status === 200 ? '200' : `${status} ${text}`)))]).toEqual(['200'])
    const { credentials, statusLists } = issuance.tables
    const rows = await issuance.database.read.select().from(credentials)
    const lists = await issuance.database.read.select().from(statusLists)
    for (const { state, statusListId, statusIndex } of rows) {
      const list = lists.find(({ id }) => id === statusListId)!
      const signed = decodeList(JSON.parse(list.document).credentialSubject.encodedList)!
      expect([state, getBit(signed, statusIndex)]).toEqual(['revoked', true])
    }
    expect(lists.reduce((sum, { bits }) => sum + bits.reduce((ones, byte) => ones + byte.toString(2).replaceAll('0', '').length, 0), 0)).toBe(60)
  })
})
