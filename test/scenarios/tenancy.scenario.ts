import assert from 'node:assert/strict'
import { expectProblem, expectStatus } from './expect.ts'
import { type Issuer, orderBody, requestToken } from './issuer.ts'
import { scenario, type World } from './scenario.ts'
import { until } from './until.ts'

async function limit({ installation }: World, { slug }: Issuer, ...options: string[]): Promise<any> {
  const { status, stdout, stderr } = await installation.cli('organization', 'limit', slug, ...options, '--json')
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

/** `"client";q=5;w=60, "organization";q=3;w=60`, by policy. */
const policies = (header: string | null): Record<string, Record<string, number>> =>
  Object.fromEntries((header ?? '').split(', ').map((item) => {
    const [policy = '', ...parameters] = item.split(';')
    return [policy.slice(1, -1), Object.fromEntries(parameters.map((one) => one.split('=')).map(([name, value]) => [name, Number(value)]))]
  }))

export default [
  scenario('an organization that asks too often is told when to come again, and no other feels it', async (world) => {
    const [busy, other] = [await world.issuer(), await world.issuer()]
    const made = expectStatus(await busy.ask('POST', '/v1/clients', { json: { name: 'Second', scopes: ['credentials:read'] } }), 201).json
    const second = (await requestToken(world.ask, { clientId: made.client_id, clientSecret: made.client_secret })).json.access_token as string
    const { key } = expectStatus(await busy.ask('POST', '/v1/api-keys', { json: { name: 'Third', scopes: ['credentials:read'] } }), 201).json
    assert.deepEqual(await limit(world, busy, '--requests-per-minute', '40'), { requestsPerMinute: 40 })
    const told = await until('the limit to hold', async () => {
      const answer = expectStatus(await world.ask('GET', '/v1/credentials', { token: second }), 200)
      return policies(answer.headers.get('ratelimit-policy')).organization?.q === 40 && answer
    })
    const left = policies(told.headers.get('ratelimit'))
    assert.deepEqual(Object.keys(left), ['client', 'organization'])
    // Its three programs share what the organization has.
    const answers = []
    for (let time = 0; time < 45; time++) {
      const token = [busy.token, second, key][time % 3]!
      answers.push(await world.ask('GET', '/v1/credentials', { token }))
    }
    const refused = answers.filter(({ status }) => status === 429)
    assert.ok(refused.length >= 5 && answers.some(({ status }) => status === 200), answers.map(({ status }) => status).join(' '))
    for (const answer of refused) {
      expectProblem(answer, 429, 'rate-limited')
      const [rest, policy] = [policies(answer.headers.get('ratelimit')).organization!, policies(answer.headers.get('ratelimit-policy')).organization!]
      assert.deepEqual([rest.r, policy.q, policy.w], [0, 40, 60])
      const after = Number(answer.headers.get('retry-after'))
      assert.ok(after >= 1 && after <= 60 && after >= rest.t!, `Retry-After is ${after}.`)
    }
    expectStatus(await other.ask('GET', '/v1/credentials'), 200)
    assert.deepEqual(await limit(world, busy, '--requests-per-minute', 'none'), {})
    await until('the limit to be gone', async () => (await busy.ask('GET', '/v1/credentials')).status === 200)
  }, ['identity', 'issuance']),

  scenario('an organization gets as many credentials in a month as its quota says, and no other feels it', async (world) => {
    const [small, other] = [await world.issuer(), await world.issuer()]
    assert.deepEqual(await limit(world, small, '--credentials-per-month', '3'), { credentialsPerMonth: 3 })
    const order = (who: string) => ({ json: orderBody({ name: 'Ada Lovelace', email: small.email(who), achievement: 'Distributed Systems' }) })
    const rows = ['one', 'two', 'three', 'four', 'five'].map((who) => `Ada Lovelace,${small.email(who)},Distributed Systems`)
    const file = { body: ['name,email,achievement', ...rows, ''].join('\n'), headers: { 'content-type': 'text/csv' } }
    const { id } = expectStatus(await small.ask('POST', '/v1/batches', file), 202).json
    const batch = await until('the batch to be finished', async () => {
      const { json } = expectStatus(await small.ask('GET', `/v1/batches/${id}`), 200)
      return json.state === 'finished' && json
    })
    assert.deepEqual([batch.created, batch.refused], [3, 2])
    const errors = expectStatus(await small.ask('GET', `/v1/batches/${id}/errors`), 200)
    assert.equal(errors.text.match(/used up its credentials of this month/g)?.length, 2)
    const refused = expectProblem(await small.ask('POST', '/v1/credentials', order('six')), 429, 'quota-exceeded')
    assert.deepEqual([refused.json.quota, refused.json.used], [3, 3])
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    assert.equal(expectStatus(await small.ask('POST', '/v1/credentials', order('one')), 200).json.created, false)
    await other.issue()
  }, ['identity', 'issuance']),

  scenario('an organization sees what it has used in this month, what became of it, and what is left', async (world) => {
    const [small, other] = [await world.issuer(), await world.issuer()]
    const usage = async (who: Issuer) => expectStatus(await who.ask('GET', '/v1/usage'), 200).json
    const empty = await usage(small)
    assert.match(empty.month, /^\d{4}-\d{2}$/)
    assert.ok(Date.parse(empty.renewedAt) > Date.now())
    assert.deepEqual(empty.credentials, { total: 0, byState: {}, limit: null, left: null })
    assert.ok(empty.requestsPerMinute.organization > 0 && empty.requestsPerMinute.client > 0)
    const issued = []
    for (const who of ['one', 'two', 'three']) issued.push((await small.issue({ email: small.email(who) })).id)
    await other.issue()
    expectStatus(await small.ask('POST', `/v1/credentials/${issued[0]}/revoke`, { json: { reason: 'By mistake' } }), 200)
    await limit(world, small, '--credentials-per-month', '5', '--requests-per-minute', '77')
    const { credentials, requestsPerMinute } = await until('the limit to be told', async () => {
      const told = await usage(small)
      return told.credentials.limit !== null && told
    })
    assert.deepEqual(credentials, { total: 3, byState: { issued: 2, revoked: 1 }, limit: 5, left: 2 })
    assert.equal(requestsPerMinute.organization, 77)
    await limit(world, small, '--credentials-per-month', '2')
    assert.deepEqual((await usage(small)).credentials, { total: 3, byState: { issued: 2, revoked: 1 }, limit: 2, left: 0 })
    assert.equal((await usage(other)).credentials.total, 1)
    const reader = expectStatus(await small.ask('POST', '/v1/clients', { json: { name: 'Reader', scopes: ['credentials:read'] } }), 201).json
    const token = (await requestToken(world.ask, { clientId: reader.client_id, clientSecret: reader.client_secret })).json.access_token as string
    expectProblem(await world.ask('GET', '/v1/usage', { token }), 403, 'forbidden')
  }, ['identity', 'issuance']),
]
