import assert from 'node:assert/strict'
import { expectProblem, expectStatus } from './expect.ts'
import { requestToken } from './issuer.ts'
import { scenario } from './scenario.ts'

/** Runs before all others: they make organizations, and then there is no first one any more. */
export default [
  scenario('the link of the first run makes the first organization, once', async ({ ask, installation }) => {
    const [link] = installation.output().match(/\bhttps?:\S+\/setup#\S+/) ?? []
    assert.ok(link !== undefined && link.startsWith(`${installation.publicUrl}/setup#`), 'No link was printed.')
    const form = expectStatus(await ask('GET', '/setup'), 200)
    assert.match(form.headers.get('content-type')!, /^text\/html/)
    const send = (token: string, slug = 'first') => ask('POST', '/v1/setup', { json: { token, organization: { slug, name: 'The First' } } })
    expectProblem(await send('a-wrong-token'), 409, 'state-refused')
    const token = link.slice(link.indexOf('#') + 1)
    const made = expectStatus(await send(token), 201)
    assert.equal(made.json.organization.slug, 'first')
    const client = { clientId: made.json.client_id as string, clientSecret: made.json.client_secret as string }
    const access = expectStatus(await requestToken(ask, client), 200).json.access_token as string
    assert.equal(expectStatus(await ask('GET', '/v1/organization', { token: access }), 200).json.name, 'The First')
    expectProblem(await send(token, 'second'), 409, 'state-refused')
  }),
]
