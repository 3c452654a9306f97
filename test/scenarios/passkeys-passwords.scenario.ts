import assert from 'node:assert/strict'
import { authenticator } from '../identity/authenticator.ts'
import { browser } from './browser.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { mailsTo } from './mails.ts'
import { joined, password } from './people.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
  scenario('a passkey is added, signs in without a password, once for each challenge, and is removed', async (world) => {
    const issuer = await world.issuer()
    const person = await joined(world, issuer, 'viewer', 'Vera')
    const key = authenticator(world.installation.publicUrl)
    const options = expectStatus(await person.browse('POST', '/v1/passkeys/options', {}), 200).json
    const { id } = expectStatus(await person.browse('POST', '/v1/passkeys', { name: 'Telephone', credential: key.create(options) }), 201).json
    const elsewhere = browser(world)
    const asked = expectStatus(await elsewhere('POST', '/v1/session/passkey/options'), 200).json
    const credential = key.get(asked)
    expectProblem(await browser(world)('POST', '/v1/session/passkey', { credential }), 401, 'unauthenticated')
    expectStatus(await elsewhere('POST', '/v1/session/passkey', { credential }), 201)
    expectProblem(await elsewhere('POST', '/v1/session/passkey', { credential }), 401, 'unauthenticated')
    assert.equal(expectStatus(await elsewhere('GET', '/v1/session'), 200).json.person.email, person.email)
    expectStatus(await elsewhere('POST', '/v1/session/token', { organization: issuer.slug }), 200)
    expectStatus(await elsewhere('DELETE', `/v1/passkeys/${id}`), 200)
    const again = expectStatus(await elsewhere('POST', '/v1/session/passkey/options'), 200).json
    expectProblem(await elsewhere('POST', '/v1/session/passkey', { credential: key.get(again) }), 401, 'unauthenticated')
  }, ['identity']),

  scenario('who forgot their password sets another by a mailed link, once, and is signed out everywhere', async (world) => {
    const person = await joined(world, await world.issuer(), 'viewer', 'Vera')
    const browse = browser(world)
    const answers = []
    for (const email of [person.email, `nobody-${person.email}`]) answers.push(expectStatus(await browse('POST', '/v1/password/forgotten', { email, locale: 'ar' }), 202).text)
    assert.equal(answers[0], answers[1])
    const link = await until('the link is mailed', async () =>
      (await mailsTo(world.installation.mailDir, person.email)).map(({ text }) => /\/sign-in\/reset\/\S+/.exec(text!)?.[0]).find(Boolean))
    assert.ok((await mailsTo(world.installation.mailDir, person.email)).some(({ subject }) => subject === 'رابط لكلمة مرور جديدة'))
    assert.match(expectStatus(await browse('GET', link), 200).text, /<form method="post"/)
    const fresh = { token: link.split('/').at(-1), password: 'another long enough sentence' }
    expectStatus(await browse('POST', '/v1/password/reset', fresh), 200)
    expectProblem(await browse('POST', '/v1/password/reset', fresh), 410, 'gone')
    expectProblem(await person.browse('GET', '/v1/session'), 401, 'unauthenticated')
    expectProblem(await browse('POST', '/v1/session', { email: person.email, password }), 401, 'unauthenticated')
    expectStatus(await browse('POST', '/v1/session', { email: person.email, password: fresh.password }), 201)
  }, ['identity', 'notification']),

  scenario('who changes how they sign in is told by mail, in the language of the page', async (world) => {
    const person = await joined(world, await world.issuer(), 'viewer', 'Vera')
    const options = expectStatus(await person.browse('POST', '/v1/passkeys/options', {}), 200).json
    const key = authenticator(world.installation.publicUrl)
    const { id } = expectStatus(await person.browse('POST', '/v1/passkeys', { name: 'Telephone', credential: key.create(options) }), 201).json
    expectStatus(await person.browse('POST', '/account/password?lang=ar', undefined, { new: 'another long enough sentence' }), 303)
    expectStatus(await person.browse('DELETE', `/v1/passkeys/${id}`), 200)
    const told = await until('all three are told', async () => {
      const mails = (await mailsTo(world.installation.mailDir, person.email)).filter(({ text }) => !text!.includes('/invitations/'))
      return mails.length >= 3 && mails
    })
    assert.deepEqual(told.map(({ subject }) => subject).toSorted(), ['A passkey was added', 'A passkey was removed', 'تغيّرت كلمة مرورك'])
    for (const { text, html } of told) {
      for (const part of [text!, html as string]) assert.ok(part.includes(`${world.installation.publicUrl}/account`))
    }
  }, ['identity', 'notification']),

  scenario('who has lost their passkey is helped by the command line, told by mail, and signed out', async (world) => {
    const person = await joined(world, await world.issuer(), 'viewer', 'Vera')
    const options = expectStatus(await person.browse('POST', '/v1/passkeys/options', {}), 200).json
    const key = authenticator(world.installation.publicUrl)
    expectStatus(await person.browse('POST', '/v1/passkeys', { name: 'Telephone', credential: key.create(options) }), 201)
    const command = async (email: string) => world.installation.cli('person', 'reset-second-factor', email, '--passkeys', '--locale', 'ar', '--json')
    const { status, stdout, stderr } = await command(person.email)
    assert.equal(status, 0, stderr)
    assert.equal(JSON.parse(stdout).passkeys, 0)
    expectProblem(await person.browse('GET', '/v1/session'), 401, 'unauthenticated')
    await until('it is told', async () => (await mailsTo(world.installation.mailDir, person.email)).some(({ subject }) => subject === 'أُزيل عاملك الثاني'))
    const again = browser(world)
    expectStatus(await again('POST', '/v1/session', { email: person.email, password }), 201)
    expectStatus(await again('POST', '/v1/passkeys/options', {}), 200)
    assert.equal((await command(`nobody-${person.email}`)).status, 1)
  }, ['identity', 'notification']),

  scenario('who deletes their account is gone everywhere, told by mail, and may come again', async (world) => {
    const issuer = await world.issuer()
    const person = await joined(world, issuer, 'owner', 'Vera')
    const { access_token: token } = expectStatus(await person.tokenFor(issuer.slug), 200).json
    const alone = expectProblem(await person.browse('DELETE', '/v1/account'), 409, 'state-refused')
    assert.deepEqual(alone.json.organizations, [issuer.slug])
    await joined(world, issuer, 'owner', 'Olive')
    const { person: id } = expectStatus(await person.browse('DELETE', '/v1/account'), 200).json
    expectProblem(await person.browse('GET', '/v1/session'), 401, 'unauthenticated')
    await until('its token is void', async () => (await world.ask('GET', '/v1/credentials', { token })).status === 401)
    const { members } = expectStatus(await issuer.ask('GET', '/v1/members'), 200).json
    assert.deepEqual(members.map(({ name }: any) => name), ['Olive'])
    const { entries } = expectStatus(await issuer.ask('GET', '/v1/audit?action=member.removed'), 200).json
    assert.deepEqual(entries.map(({ actor, details }: any) => [actor, details.person]), [[`person:${id}`, id]])
    await until('it is told', async () => (await mailsTo(world.installation.mailDir, person.email)).some(({ subject }) => subject === 'Your account was deleted'))
    expectProblem(await browser(world)('POST', '/v1/session', { email: person.email, password }), 401, 'unauthenticated')
    expectStatus(await issuer.ask('POST', '/v1/invitations', { json: { email: person.email, role: 'viewer' } }), 201)
    const again = await until('another invitation is mailed', async () =>
      (await mailsTo(world.installation.mailDir, person.email)).map(({ text }) => /\/invitations\/(\S+)/.exec(text!)?.[1]).filter(Boolean).length === 2 && mailsTo(world.installation.mailDir, person.email))
    const accept = again.flatMap(({ text }) => /\/invitations\/(\S+)/.exec(text!)?.[1] ?? []).map((invitation) => () => browser(world)('POST', '/v1/invitations/accept', { token: invitation, name: 'Vera', password }))
    assert.deepEqual((await Promise.all(accept.map((one) => one()))).map(({ status }) => status).toSorted(), [201, 410])
    expectStatus(await browser(world)('POST', '/v1/session', { email: person.email, password }), 201)
  }, ['identity', 'notification']),

  scenario('an organization that asks for a second factor gives no token to a session that showed none', async (world) => {
    const issuer = await world.issuer()
    const person = await joined(world, issuer, 'viewer', 'Vera')
    expectStatus(await person.tokenFor(issuer.slug), 200)
    expectStatus(await issuer.ask('PATCH', '/v1/organization', { json: { requiresSecondFactor: true } }), 200)
    const refused = expectProblem(await person.tokenFor(issuer.slug), 403, 'second-factor-required')
    assert.equal(refused.json.page, `${world.installation.publicUrl}/account/second-factor`)
    expectStatus(await world.ask('GET', new URL(refused.json.page).pathname), 303)
    const key = authenticator(world.installation.publicUrl)
    const options = expectStatus(await person.browse('POST', '/v1/passkeys/options', {}), 200).json
    expectStatus(await person.browse('POST', '/v1/passkeys', { name: 'Telephone', credential: key.create(options) }), 201)
    expectStatus(await person.tokenFor(issuer.slug), 200)
    const byPassword = browser(world)
    expectStatus(await byPassword('POST', '/v1/session', { email: person.email, password }), 201)
    expectProblem(await byPassword('POST', '/v1/session/token', { organization: issuer.slug }), 403, 'second-factor-required')
    expectProblem(await byPassword('POST', '/v1/passkeys/options', { password }), 403, 'forbidden')
    const { entries } = expectStatus(await issuer.ask('GET', '/v1/audit?action=organization.second-factor-required'), 200).json
    assert.equal(entries.length, 1)
  }, ['identity']),
]
