import assert from 'node:assert/strict'
import { orderBody, requestToken } from './issuer.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { everyBoundary, scenario } from './scenario.ts'

interface Entry {
  readonly module: string
  readonly sequence: number
  readonly at: string
  readonly actor: string
  readonly address: string | null
  readonly action: string
  readonly target: string
  readonly hash: string
}

export default [
  scenario('the audit trail tells who did what from where in every module, and who was refused, page by page and as a file', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const credential = await issuer.issue()
    expectStatus(await issuer.ask('POST', `/v1/credentials/${credential.id}/revoke`, { json: {} }), 200)
    const made = expectStatus(await issuer.ask('POST', '/v1/clients', { json: { name: 'Reader', scopes: ['credentials:read'] } }), 201).json
    const reader = (await requestToken(ask, { clientId: made.client_id, clientSecret: made.client_secret })).json.access_token as string
    const json = orderBody({ name: 'Ada Lovelace', email: issuer.email('ada'), achievement: 'Distributed Systems' })
    for (let times = 0; times < 3; times++) expectProblem(await ask('POST', '/v1/credentials', { json, token: reader }), 403, 'forbidden')

    const page = async (query: string) => expectStatus(await issuer.ask('GET', `/v1/audit?${query}`), 200).json as { entries: Entry[]; next: string | null }
    const { entries, next } = await page('limit=200')
    assert.equal(next, null)
    assert.deepEqual(entries.map(({ at }) => at), entries.map(({ at }) => at).toSorted().reverse(), 'They are not newest first.')
    const find = (action: string, target: string) => entries.filter((entry) => entry.action === action && entry.target === target)
    for (const [action, target, module, actor] of [
      ['credential.accepted', credential.id, 'issuance', issuer.clientId],
      ['credential.revoked', credential.id, 'issuance', issuer.clientId],
      ['client.created', made.client_id, 'identity', issuer.clientId],
      ['access.denied', 'POST /v1/credentials', 'issuance', made.client_id],
    ] as const) {
      const found = find(action, target)
      // A refusal is written once a minute by each process that refuses.
      const most = action === 'access.denied' ? 2 : 1
      assert.ok(found.length >= 1 && found.length <= most, `${action} of ${target} is there ${found.length} times.`)
      assert.deepEqual([found[0]!.module, found[0]!.actor], [module, `client:${actor}`])
      assert.match(found[0]!.address ?? 'none', /^127\.0\.0\.1$|^0:0:0:0::\/64$/, action)
      assert.match(found[0]!.hash, /^[0-9a-f]{64}$/)
    }

    const inPages: Entry[] = []
    for (let after = ''; ;) {
      const part = await page(`limit=2${after}`)
      assert.ok(part.entries.length <= 2)
      inPages.push(...part.entries)
      if (part.next === null) break
      after = `&after=${part.next}`
    }
    const nameOf = ({ module, sequence }: Entry) => `${module} ${sequence}`
    assert.deepEqual(inPages.map(nameOf).toSorted(), entries.map(nameOf).toSorted())

    const actions = async (query: string) => [...new Set((await page(query)).entries.map(({ action }) => action))].toSorted()
    assert.deepEqual(await actions('action=access'), ['access.denied'])
    assert.deepEqual(await actions(`actor=client:${made.client_id}`), ['access.denied'])
    assert.ok((await actions(`target=${credential.id}`)).includes('credential.revoked'))
    assert.deepEqual(await actions(`module=identity&action=client.created&target=${made.client_id}`), ['client.created'])
    assert.deepEqual(await actions('to=2020-01-01T00:00:00Z'), [])
    expectProblem(await issuer.ask('GET', '/v1/audit?module=nothing'), 400, 'bad-request')
    expectProblem(await issuer.ask('GET', '/v1/audit?after=nothing'), 400, 'bad-request')
    expectProblem(await issuer.ask('GET', '/v1/audit?action=%25'), 422, 'validation-failed')

    const file = expectStatus(await issuer.ask('GET', '/v1/audit.csv'), 200)
    assert.match(file.headers.get('content-type')!, /^text\/csv/)
    const lines = file.text.trim().split('\r\n')
    assert.equal(lines.length, 1 + entries.length)
    assert.match(lines[0]!, /at,module,sequence,actor,address,action,target,details,traceId,hash$/)

    const stranger = await world.issuer()
    const theirs = expectStatus(await stranger.ask('GET', '/v1/audit?limit=200'), 200).json.entries as Entry[]
    assert.deepEqual(theirs.filter(({ target }) => target === credential.id || target === made.client_id), [])
    expectProblem(await ask('GET', '/v1/audit', { token: reader }), 403, 'forbidden')
  }, everyBoundary),
]
