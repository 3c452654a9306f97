import assert from 'node:assert/strict'
import { expectProblem, expectStatus } from './expect.ts'
import { orderBody } from './issuer.ts'
import { everyBoundary, scenario } from './scenario.ts'

export default [
  scenario('every refusal is a problem document that says what to do', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const good = orderBody({ name: 'Ada Lovelace', email: issuer.email('ada'), achievement: 'Distributed Systems' })
    const post = (json: unknown) => issuer.ask('POST', '/v1/credentials', { json })
    const errors = (answer: { json: any }) => answer.json.errors.map(({ path }: any) => path)

    assert.deepEqual(errors(expectProblem(await post({ ...good, colour: 'red' }), 422, 'validation-failed')), ['colour'])
    const nested = { ...good, recipient: { ...good.recipient, age: 7 } }
    assert.deepEqual(errors(expectProblem(await post(nested), 422, 'validation-failed')), ['recipient.age'])
    for (const [name, path] of [['two\r\nlines', 'recipient.name'], ['over\u202eride', 'recipient.name'], ['', 'recipient.name'], ['x'.repeat(201), 'recipient.name']] as const) {
      const answer = expectProblem(await post({ ...good, recipient: { ...good.recipient, name } }), 422, 'validation-failed')
      assert.deepEqual(errors(answer), [path], JSON.stringify(name))
      assert.ok(name === '' || !answer.text.includes(name), 'The refusal repeats the name.')
    }
    assert.deepEqual(errors(expectProblem(await post({ ...good, completedOn: '2999-01-01' }), 422)), ['completedOn'])
    assert.deepEqual(errors(expectProblem(await post({ ...good, recipient: { name: 'Ada', email: 'no address' } }), 422)), ['recipient.email'])
    expectProblem(await post({ ...good, template: 'no-such-template' }), 404, 'not-found')
    expectProblem(await issuer.ask('POST', '/v1/credentials', { body: '{', headers: { 'content-type': 'application/json' } }), 400, 'bad-request')
    expectProblem(await issuer.ask('POST', '/v1/credentials', { body: 'x', headers: { 'content-type': 'text/plain' } }), 415, 'unsupported-media-type')
    expectProblem(await issuer.ask('POST', '/v1/credentials', { body: `{"a":"${'x'.repeat(1_100_000)}"}`, headers: { 'content-type': 'application/json' } }), 413, 'too-large')
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
    assert.equal((await ask('POST', '/v1/verify', { body: `{"credential":${deep}}`, headers: { 'content-type': 'application/json' } })).status < 500, true)
    expectProblem(await issuer.ask('PUT', '/v1/credentials', { json: {} }), 405, 'method-not-allowed')
    expectProblem(await issuer.ask('GET', '/v1/credentials?limit=1000'), 422, 'validation-failed')
    expectProblem(await ask('GET', '/no/such/address'), 404, 'not-found')
    expectProblem(await ask('GET', '/v/no-such-credential', { headers: { accept: 'application/json' } }), 404, 'not-found')
    expectProblem(await ask('GET', '/credentials/no-such-credential'), 404, 'not-found')
    expectProblem(await ask('GET', '/status/no-such-list'), 404, 'not-found')
    expectProblem(await ask('GET', '/organizations/no-such-organization/did.json'), 404, 'not-found')
    expectProblem(await ask('GET', '/internal/identity/organizations'), 404, 'not-found')
    const page = expectStatus(await ask('GET', '/v/no-such-credential', { headers: { accept: 'text/html' } }), 404)
    assert.match(page.headers.get('content-type')!, /^text\/html/)
  }),

  scenario('a template gets versions, and credentials keep theirs', async (world) => {
    const issuer = await world.issuer()
    const content = { design: 'certificate-classic', description: 'First.', criteria: 'Pass the exam.', achievementType: 'Course' }
    const put = async (change: object) => expectStatus(await issuer.ask('PUT', '/v1/templates/exam', { json: { ...content, ...change } }), 200).json
    const one = await put({})
    assert.equal(one.version, 1)
    assert.equal((await put({})).version, 1, 'The same content is no new version.')
    const first = await issuer.issue({ more: { template: 'exam' } })
    const two = await put({ description: 'Second.' })
    assert.deepEqual([two.id, two.version], [one.id, 2])
    const second = await issuer.issue({ email: issuer.email('later'), more: { template: one.id } })
    const description = async (url: string) => (await issuer.published(url)).credential.credentialSubject.achievement.description
    assert.equal(await description(first.publicUrl), 'First.')
    assert.equal(await description(second.publicUrl), 'Second.')
    const { templates } = expectStatus(await issuer.ask('GET', '/v1/templates'), 200).json
    assert.deepEqual(templates.map(({ slug }: any) => slug).sort(), [
      'badge-modern', 'certificate-classic', 'certificate-diploma', 'certificate-minimal', 'certificate-modern', 'exam',
    ])
    expectProblem(await issuer.ask('PUT', '/v1/templates/exam', { json: { ...content, design: 'no-such-design' } }), 422, 'validation-failed')
    expectProblem(await issuer.ask('PUT', '/v1/templates/exam', { json: { ...content, colour: 'red' } }), 422, 'validation-failed')
  }),

  scenario('the API describes itself, and the installation tells how it is', async ({ ask, installation }) => {
    const document = expectStatus(await ask('GET', '/openapi.json'), 200).json
    assert.match(document.openapi, /^3\.1/)
    assert.equal(document.servers[0].url, installation.publicUrl)
    for (const path of ['/oauth/token', '/v1/credentials', '/v1/batches', '/v1/templates', '/v1/verify', '/v1/messages', '/v/{publicId}', '/log/checkpoint', '/status/{id}'])
      assert.ok(document.paths[path], `${path} is not described`)
    const docs = expectStatus(await ask('GET', '/docs'), 200)
    assert.match(docs.headers.get('content-type')!, /^text\/html/)
    const scripts = [...docs.text.matchAll(/src="([^"]+)"/g)].map(([, url]) => url!)
    assert.ok(scripts.length > 0)
    for (const script of scripts) {
      assert.ok(script.startsWith('/'), `${script} is elsewhere`)
      expectStatus(await ask('GET', script), 200)
    }
    expectStatus(await ask('GET', '/livez'), 200)
    assert.equal(expectStatus(await ask('GET', '/readyz'), 200).json.status, 'ready')
    const health = expectStatus(await ask('GET', '/health'), 200).json
    assert.equal(health.status, 'ok')
    assert.deepEqual([...new Set(Object.values(health.checks))], ['ok'])
  }, everyBoundary),

  scenario('an organization keeps the address that its credentials have', async (world) => {
    const issuer = await world.issuer()
    const change = (json: unknown) => issuer.ask('PATCH', '/v1/organization', { json })
    assert.equal(expectStatus(await change({ name: 'Renamed' }), 200).json.name, 'Renamed')
    const slug = `${issuer.slug}-new`
    assert.equal(expectStatus(await change({ slug }), 200).json.slug, slug)
    const { publicUrl } = await issuer.issue()
    expectProblem(await change({ slug: `${slug}er` }), 409, 'state-refused')
    assert.equal((await issuer.published(publicUrl)).credential.issuer.name, 'Renamed')
    expectStatus(await change({ name: 'Renamed again' }), 200)
    assert.equal((await issuer.ask('GET', '/v1/organization')).json.name, 'Renamed again')
  }, ['identity', 'issuance']),

  scenario('the command line makes organizations and clients, and issues a file', async ({ ask, installation }) => {
    const slug = `cli-${Date.now().toString(36)}`
    const run = async (...args: string[]): Promise<any> => {
      const { status, stdout, stderr } = await installation.cli(...args, '--json')
      assert.equal(status, 0, stderr)
      return JSON.parse(stdout.trim().split('\n').at(-1)!)
    }
    assert.equal((await run('organization', 'create', slug, '--name', 'By Command')).slug, slug)
    const client = await run('client', 'create', '--organization', slug, '--scope', 'credentials:read')
    const form = { grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret }
    assert.equal(expectStatus(await ask('POST', '/oauth/token', { form }), 200).json.scope, 'credentials:read')
  }),
]
