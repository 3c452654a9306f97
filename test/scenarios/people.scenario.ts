import assert from 'node:assert/strict'
import { identity } from '#modules/identity/index.ts'
import { mailsTo } from './mails.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { joined, mailedToken, password } from './people.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
  scenario('an owner manages members and invitations on pages, and what is done there holds everywhere', async (world) => {
    const issuer = await world.issuer()
    const owner = await joined(world, issuer, 'owner', 'Olive')
    const viewer = await joined(world, issuer, 'viewer', 'Vera')
    const place = `/account/organizations/${issuer.slug}`
    const send = async (page: string, form: Record<string, string>) => expectStatus(await owner.browse('POST', `${place}/${page}?lang=en`, undefined, form), 200).text
    assert.match(expectStatus(await owner.browse('GET', `${place}?lang=en`), 200).text, /This month/)
    assert.match(expectStatus(await owner.browse('GET', `${place}/members?lang=en&q=ver`), 200).text, /Vera/)
    await send('members', { do: 'role', member: viewer.memberId, role: 'issuer' })
    assert.equal(expectStatus(await viewer.tokenFor(issuer.slug), 200).json.role, 'issuer')
    await send('members', { do: 'disable', member: viewer.memberId })
    expectProblem(await viewer.tokenFor(issuer.slug), 401, 'unauthenticated')
    const email = issuer.email('nadia')
    await send('invitations', { do: 'invite', email, role: 'viewer', locale: 'en' })
    const first = await mailedToken(world, email)
    const [, id] = /value="resend"><input type="hidden" name="invitation" value="([^"]+)"/.exec((await owner.browse('GET', `${place}/invitations?lang=en`)).text) ?? []
    await send('invitations', { do: 'resend', invitation: id! })
    assert.equal((await world.ask('GET', `/invitations/${first}`)).status, 410)
    await until('the second mail', async () => (await mailsTo(world.installation.mailDir, email)).length === 2)
    const entries = expectStatus(await issuer.ask('GET', '/v1/audit?action=member&module=identity'), 200).json.entries as { action: string; actor: string }[]
    assert.match(entries.find(({ action }) => action === 'member.disabled')!.actor, /^person:/)
  }, ['identity', 'issuance']),

  scenario('somebody is invited by mail, signs in, and may do what the role permits and no more', async (world) => {
    const issuer = await world.issuer()
    const person = await joined(world, issuer, 'issuer', 'Iris')
    const granted = expectStatus(await person.tokenFor(issuer.slug), 200).json
    const roles = expectStatus(await world.ask('GET', '/v1/roles'), 200).json.roles
    assert.deepEqual(granted.scope.split(' '), roles.find((one: any) => one.role === 'issuer').scopes)
    const token = granted.access_token as string
    const order = { recipient: { name: 'Ada Lovelace', email: issuer.email('ada') }, achievement: { name: 'Engines' } }
    expectStatus(await world.ask('POST', '/v1/credentials', { json: order, token }), 202)
    expectProblem(await world.ask('GET', '/v1/clients', { token }), 403, 'forbidden')
    expectProblem(await world.ask('POST', '/v1/invitations', { json: { email: issuer.email('x'), role: 'viewer' }, token }), 403, 'forbidden')
    const stranger = await world.issuer()
    expectProblem(await person.tokenFor(stranger.slug), 404, 'not-found')
    const entries = expectStatus(await issuer.ask('GET', '/v1/audit'), 200).text
    assert.ok(!entries.includes(person.email) && !entries.includes('Iris'), 'The audit names a person.')
  }, ['identity', 'notification']),

  scenario('who is removed is signed out at once, and the last owner stays', async (world) => {
    const issuer = await world.issuer()
    const owner = await joined(world, issuer, 'owner', 'Olive')
    const viewer = await joined(world, issuer, 'viewer', 'Vera')
    const token = (await owner.tokenFor(issuer.slug)).json.access_token as string
    const { members } = expectStatus(await world.ask('GET', '/v1/members', { token }), 200).json
    assert.deepEqual(members.map((one: any) => [one.name, one.role]), [['Olive', 'owner'], ['Vera', 'viewer']])
    expectProblem(await world.ask('DELETE', `/v1/members/${owner.memberId}`, { token }), 409, 'state-refused')
    expectProblem(await world.ask('PATCH', `/v1/members/${owner.memberId}`, { json: { role: 'admin' }, token }), 409, 'state-refused')
    expectStatus(await world.ask('DELETE', `/v1/members/${viewer.memberId}`, { token }), 200)
    expectProblem(await viewer.browse('GET', '/v1/session'), 401, 'unauthenticated')
    const stranger = await world.issuer()
    expectProblem(await stranger.ask('DELETE', `/v1/members/${owner.memberId}`), 404, 'not-found')
    expectStatus(await owner.browse('DELETE', '/v1/session'), 200)
    expectProblem(await owner.browse('GET', '/v1/session'), 401, 'unauthenticated')
  }, ['identity']),

  scenario('a link in a mail signs in, once, in the language of the page that it was asked for', async (world) => {
    const { ask, installation } = world
    const person = await joined(world, await world.issuer(), 'viewer', 'Vera')
    const post = (path: string, form: Record<string, string>) => ask('POST', path, { form, headers: { origin: installation.publicUrl } })
    expectStatus(await post('/sign-in/link?lang=ar', { email: person.email }), 200)
    const link = await until('the link is mailed', async () =>
      (await mailsTo(installation.mailDir, person.email)).map(({ text }) => /\/sign-in\/link\/\S+/.exec(text!)?.[0]).find(Boolean))
    const page = expectStatus(await ask('GET', link), 200)
    assert.match(page.text, /<form method="post"/)
    assert.ok((await mailsTo(installation.mailDir, person.email)).some(({ subject }) => subject === 'رابط تسجيل الدخول'))
    const signedIn = expectStatus(await post(link, {}), 303)
    const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ')
    assert.equal(expectStatus(await ask('GET', '/v1/session', { headers: { cookie } }), 200).json.person.email, person.email)
    expectStatus(await post(link, {}), 410)
  }, ['identity', 'notification']),

  scenario('a session answers to pages of this origin alone', async (world) => {
    const issuer = await world.issuer()
    const { link } = await world.client(identity).inviteMember({
      organizationId: issuer.organizationId, email: issuer.email('olive'), role: 'owner',
    })
    const json = { token: link.slice(link.lastIndexOf('/') + 1), name: 'Olive', password }
    for (const headers of [{}, { origin: 'https://evil.example' }, { origin: world.installation.publicUrl, 'sec-fetch-site': 'cross-site' }] as Record<string, string>[]) {
      expectProblem(await world.ask('POST', '/v1/invitations/accept', { json, headers }), 403, 'forbidden')
      expectProblem(await world.ask('POST', '/v1/session', { json: { email: issuer.email('olive'), password }, headers }), 403, 'forbidden')
    }
  }),
]
