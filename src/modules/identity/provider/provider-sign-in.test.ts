import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, vi } from 'vitest'
import { ask, clients, dataDir, filesWith, identityAlone, inDatabase } from '../../../../test/identity/identity-alone.ts'
import { browser, member, organization, password, problem } from '../../../../test/identity/people.ts'
import { account, invite, leave, organizationWithProvider, pathOf, provider, refusals, signInByProvider, withProvider } from '../../../../test/identity/with-provider.ts'

identityAlone()
withProvider()

const tokenFor = (who: { ask: ReturnType<typeof browser>['ask'] }, slug: string) => who.ask('POST', '/v1/session/token', { json: { organization: slug } })

describe('signing in by the provider of an organization', () => {
  it('gives a member a session and the tokens of their role', async () => {
    const { organizationId } = await organizationWithProvider()
    const vera = await member(organizationId, 'viewer', 'Vera')
    const { who, location, answer } = await signInByProvider('acme', account('vera'))
    expect([answer.status, location]).toEqual([303, '/account?lang=en'])
    const session = await who.ask('GET', '/v1/session')
    expect(session.json).toMatchObject({ person: { id: vera.personId, email: vera.email }, organizations: [{ slug: 'acme', role: 'viewer' }] })
    const token = await tokenFor(who, 'acme')
    expect(token.json).toMatchObject({ organization: organizationId, role: 'viewer' })
    expect((await ask('GET', '/v1/organization', { token: token.json.access_token })).json.id).toBe(organizationId)
    expect(inDatabase((db) => db.prepare(`select action from audit where action like 'sign-in.%' order by sequence`).pluck().all())).toEqual(['sign-in.provider-set', 'sign-in.linked'])
    for (const secret of [provider.clientSecret, 'sub-vera']) expect(filesWith(secret)).toEqual([])
  })

  it('knows somebody by issuer and subject, whatever becomes of their address, and gives the address to nobody else', async () => {
    const { organizationId } = await organizationWithProvider()
    const vera = await member(organizationId, 'viewer', 'Vera')
    await signInByProvider('acme', account('vera'))
    account('vera', { email: 'married@elsewhere.example', email_verified: false })
    const again = await signInByProvider('acme', 'vera')
    expect((await again.who.ask('GET', '/v1/session')).json.person.id).toBe(vera.personId)
    const successor = await signInByProvider('acme', account('successor', { email: vera.email }))
    expect([successor.answer.status, refusals()]).toEqual([403, ['linked-to-another']])
    expect((await successor.who.ask('GET', '/v1/session')).status).toBe(401)
  })

  it('deletes no account; one that its person deletes takes the link along', async () => {
    const { organizationId } = await organizationWithProvider()
    const vera = await member(organizationId, 'viewer', 'Vera')
    const { who } = await signInByProvider('acme', account('vera'))
    const links = () => inDatabase((db) => db.prepare(`select id from sign_in_links`).all()).length
    expect([(await who.ask('DELETE', '/v1/account')).status, (await who.ask('GET', '/account/delete')).headers.get('location'), links()]).toEqual([401, '/sign-in?lang=en', 1])
    expect((await who.ask('GET', '/account')).text).not.toContain('/account/delete')
    expect([(await vera.ask('DELETE', '/v1/account')).status, links(), (await who.ask('GET', '/v1/session')).status]).toEqual([200, 0, 401])
    expect([(await signInByProvider('acme', 'vera')).answer.status, refusals()]).toEqual([403, ['not-invited']])
  })

  it('accepts an invitation, with its role', async () => {
    const { organizationId } = await organizationWithProvider()
    const { link } = await invite(organizationId, 'iris@canary.example', 'issuer')
    const { who } = await signInByProvider('acme', account('iris', { email: 'Iris@Canary.example' }))
    expect((await who.ask('GET', '/v1/session')).json).toMatchObject({ person: { name: 'The iris' }, organizations: [{ role: 'issuer' }] })
    expect((await ask('GET', new URL(link).pathname)).status).toBe(410)
    // There is no password, so none is right; a mailed link proves the address, and makes the account theirs.
    expect((await browser().ask('POST', '/v1/session', { json: { email: 'iris@canary.example', password } })).status).toBe(401)
    await browser().ask('POST', '/sign-in/link', { form: { email: 'iris@canary.example' } })
    const [id] = inDatabase((db) => db.prepare(`select id from account_mails where kind = 'sign-in-link'`).pluck().all()) as string[]
    const own = browser()
    expect((await own.ask('POST', new URL((await clients.accountMail({ mailId: id! })).link!).pathname, { form: {} })).status).toBe(303)
    expect((await own.ask('GET', '/v1/session')).json.organizations).toMatchObject([{ slug: 'acme' }])
  })

  it('makes members of a domain, if the organization says so', async () => {
    await organizationWithProvider('acme', { domains: ['canary.example'], joinRole: 'viewer' })
    const { who } = await signInByProvider('acme', account('new'))
    expect((await who.ask('GET', '/v1/session')).json.organizations).toMatchObject([{ slug: 'acme', role: 'viewer' }])
    const outside = await signInByProvider('acme', account('outside', { email: 'outside@evil-canary.example' }))
    const below = await signInByProvider('acme', account('below', { email: 'below@sub.canary.example' }))
    expect([outside.answer.status, below.answer.status, refusals()]).toEqual([403, 403, ['address-outside-domains', 'address-outside-domains']])
  })

  it('lets nobody in who is neither a member nor invited, whose address is not verified, or of another domain', async () => {
    const { organizationId, set, owner } = await organizationWithProvider()
    const vera = await member(organizationId, 'viewer', 'Vera')
    await invite(organizationId, 'invited@canary.example', 'viewer')
    const refused = async (login: string) => (await signInByProvider('acme', login)).answer
    expect((await refused(account('stranger'))).text).toContain('Ask your organization to invite you')
    await refused(account('vera', { email_verified: false }))
    await refused(account('invited', { email_verified: undefined as never }))
    await refused(account('vera', { email_verified: 'true' as never }))
    await refused(account('vera', { email: undefined as never }))
    await refused(account('vera', { email: 'not an address' }))
    await set({ issuer: provider.issuer, clientId: provider.clientId, domains: ['elsewhere.example'] })
    await refused(account('vera'))
    expect(refusals()).toEqual([
      'not-invited', 'address-not-verified', 'address-not-verified', 'address-not-verified', 'no-address', 'no-address', 'address-outside-domains',
    ])
    const { members } = (await owner.ask('GET', '/v1/members', { token: await owner.token() })).json
    expect(members.map((one: any) => one.email)).toEqual([owner.email, vera.email])
  })

  it('lets in no member who is disabled, and one who was removed no more', async () => {
    const { organizationId, owner } = await organizationWithProvider()
    const vera = await member(organizationId, 'viewer', 'Vera')
    const { who } = await signInByProvider('acme', account('vera'))
    const change = async (method: string, json?: unknown) => owner.ask(method, `/v1/members/${vera.memberId}`, { token: await owner.token(), json })
    await change('PATCH', { disabled: true })
    expect((await who.ask('GET', '/v1/session')).status).toBe(401)
    expect((await signInByProvider('acme', 'vera')).answer.text).toContain('disabled')
    await change('PATCH', { disabled: false })
    expect((await signInByProvider('acme', 'vera')).answer.status).toBe(303)
    await change('DELETE')
    await signInByProvider('acme', 'vera')
    expect(refusals()).toEqual(['disabled', 'not-invited'])
    await invite(organizationId, vera.email, 'issuer')
    const back = await signInByProvider('acme', 'vera')
    expect((await back.who.ask('GET', '/v1/session')).json.organizations).toMatchObject([{ role: 'issuer' }])
  })
})

describe('a session that the provider of one organization began', () => {
  /** Ada is a member of both; the provider is of the first alone, and says whatever it likes. */
  async function inBoth() {
    const first = await organizationWithProvider('acme')
    const second = await organization('second')
    const ada = await member(second.organizationId, 'owner', 'Ada')
    await invite(first.organizationId, ada.email, 'viewer')
    const byProvider = await signInByProvider('acme', account('ada'))
    return { first, second, ada, who: byProvider.who }
  }

  it('is good for that organization alone', async () => {
    const { who, second } = await inBoth()
    expect((await tokenFor(who, 'acme')).status).toBe(200)
    for (const other of ['second', second.organizationId]) expect(problem(await tokenFor(who, other))).toEqual([404, 'not-found'])
    expect((await who.ask('GET', '/v1/session')).json.organizations.map((one: any) => one.slug)).toEqual(['acme'])
    const account = await who.ask('GET', '/account')
    expect(account.text).toContain('The acme')
    expect((await who.ask('GET', '/account/organizations/acme')).status).toBe(200)
    for (const tab of ['', '/members', '/sign-in']) expect((await who.ask('GET', `/account/organizations/second${tab}`)).status).toBe(404)
    expect((await who.ask('POST', '/account/organizations/second/invitations', { form: { do: 'invite', email: 'x@canary.example', role: 'owner' } })).status).toBe(404)
    for (const hidden of ['The second', '/account/password', '/account/second-factor']) expect(account.text).not.toContain(hidden)
    expect((await who.ask('POST', '/account/token', { form: { organization: 'second' } })).status).toBe(404)
  })

  it('changes nothing of the account, accepts no invitation, and sees and ends no other session', async () => {
    const { who, ada } = await inBoth()
    for (const path of ['/account/password', '/account/second-factor']) expect((await who.ask('GET', path)).headers.get('location')).toBe('/sign-in?lang=en')
    for (const path of ['/account/password', '/account/second-factor'])
      expect((await who.ask('POST', path, { form: { password, new: 'another long enough' } })).headers.get('location')).toBe('/sign-in?lang=en')
    const third = await organization('third')
    const { link } = await invite(third.organizationId, ada.email, 'viewer')
    expect((await who.ask('POST', new URL(link).pathname, { form: {} })).text).toContain('Sign in')
    expect((await who.ask('POST', '/v1/invitations/accept', { json: { token: link.split('/').at(-1) } })).status).toBe(401)
    const own = (await ada.ask('GET', '/v1/session')).json.session.id
    expect((await who.ask('GET', '/v1/sessions')).json.sessions).toMatchObject([{ current: true }])
    expect(problem(await who.ask('DELETE', `/v1/sessions/${own}`))).toEqual([404, 'not-found'])
    await who.ask('POST', '/account/sessions', { form: { session: own } })
    // The other way round they see it, and end it.
    const seen = (await ada.ask('GET', '/v1/sessions')).json.sessions
    expect(seen).toHaveLength(2)
    await ada.ask('DELETE', `/v1/sessions/${seen.find((one: any) => !one.current).id}`)
    expect((await who.ask('GET', '/v1/session')).status).toBe(401)
  })

  it('is not got for somebody who is of another organization alone, whoever the provider says they are', async () => {
    const { set, organizationId } = await organizationWithProvider('acme', { domains: ['canary.example'], joinRole: 'admin' })
    const second = await organization('second')
    const victim = await member(second.organizationId, 'owner', 'Victim')
    const { answer, who } = await signInByProvider('acme', account('victim'))
    expect([answer.status, refusals(), (await who.ask('GET', '/v1/session')).status]).toEqual([403, ['not-invited'], 401])
    expect((await victim.ask('GET', '/v1/session')).json.organizations.map((one: any) => one.slug)).toEqual(['second'])
    await set({ issuer: provider.issuer, clientId: provider.clientId })
    expect((await ask('GET', `/sign-in/callback/${organizationId}?state=x&code=y`)).status).toBe(410)
  })

  it('ends after a day, whether or not its cookie says that it is not to be prolonged', async () => {
    const { who } = await inBoth()
    expect([...who.jar.keys()].some((name) => name.includes('dont_remember'))).toBe(true)
    for (const name of who.jar.keys()) if (!name.includes('session_token')) who.jar.delete(name)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 20 * 3_600_000 })
    try {
      expect((await who.ask('GET', '/v1/session')).status).toBe(200)
      vi.setSystemTime(Date.now() + 5 * 3_600_000)
      expect((await who.ask('GET', '/v1/session')).status).toBe(401)
    } finally {
      vi.useRealTimers()
    }
  })
})

it('a session of a provider that is no more is good for nothing, also where it began in the moment when the provider was taken away', async () => {
  const { organizationId } = await organizationWithProvider()
  await member(organizationId, 'viewer', 'Vera')
  const { who } = await signInByProvider('acme', account('vera'))
  const database = new Sqlite(join(dataDir, 'identity.sqlite'))
  database.prepare('delete from sign_in_providers').run()
  database.close()
  for (const path of ['/v1/session', '/v1/sessions']) expect([path, (await who.ask('GET', path)).status]).toEqual([path, 401])
  expect((await tokenFor(who, 'acme')).status).toBe(401)
})

describe('an organization that wants its provider to be used', () => {
  it('gives members no token by their password, and owners one', async () => {
    const { set, organizationId, owner } = await organizationWithProvider()
    const vera = await member(organizationId, 'viewer', 'Vera')
    const adam = await member(organizationId, 'admin', 'Adam')
    expect((await set({ issuer: provider.issuer, clientId: provider.clientId, required: true })).status).toBe(200)
    const refused = await vera.tokenFor()
    expect([problem(refused), refused.json.signInWithOrganization]).toEqual([[403, 'forbidden'], true])
    expect((await vera.ask('POST', '/account/token', { form: { organization: 'acme' } })).headers.get('location')).toBe('/sign-in/organization?lang=en&organization=acme')
    expect((await adam.tokenFor()).status).toBe(403)
    for (const tab of ['members', 'sign-in']) {
      expect((await adam.ask('GET', `/account/organizations/acme/${tab}`)).status).toBe(404)
      expect((await owner.ask('GET', `/account/organizations/acme/${tab}`)).status).toBe(200)
    }
    expect((await owner.tokenFor()).status).toBe(200)
    const { who } = await signInByProvider('acme', account('vera'))
    expect((await tokenFor(who, 'acme')).status).toBe(200)
    const second = await organization('second')
    const { link } = await invite(second.organizationId, vera.email, 'viewer')
    await vera.ask('POST', '/v1/invitations/accept', { json: { token: link.split('/').at(-1) } })
    expect((await vera.tokenFor('second')).status).toBe(200)
  })
})

describe('the way to a provider and back', () => {
  it('is good once, in the browser that began it, for ten minutes', async () => {
    const { organizationId } = await organizationWithProvider()
    await member(organizationId, 'viewer', 'Vera')
    const vera = browser()
    const back = pathOf(await provider.signIn(await leave(vera, 'acme'), account('vera')))
    const other = browser()
    await leave(other, 'acme')
    for (const thief of [browser(), other]) expect((await thief.ask('GET', back)).status).toBe(410)
    const cookies = new Map(vera.jar)
    expect((await vera.ask('GET', back)).status).toBe(303)
    for (const [name, value] of cookies) vera.jar.set(name, value)
    expect((await vera.ask('GET', back)).status).toBe(410)
    const late = browser()
    const slow = pathOf(await provider.signIn(await leave(late, 'acme'), 'vera'))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    try {
      expect((await late.ask('GET', slow)).status).toBe(410)
    } finally {
      vi.useRealTimers()
    }
  })

  it('ends when the provider is taken away, or another client is set', async () => {
    const { organizationId, owner, set } = await organizationWithProvider()
    await member(organizationId, 'viewer', 'Vera')
    const open = async () => {
      const vera = browser()
      return { vera, back: pathOf(await provider.signIn(await leave(vera, 'acme'), account('vera'))) }
    }
    const { who } = await signInByProvider('acme', account('vera'))
    const first = await open()
    expect((await set({ issuer: provider.issuer, clientId: 'another', clientSecret: 'x' })).status).toBe(200)
    expect((await first.vera.ask('GET', first.back)).status).toBe(410)
    expect((await who.ask('GET', '/v1/session')).status).toBe(401)
    await set({ issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret })
    const second = await open()
    const again = await signInByProvider('acme', 'vera')
    const grant = JSON.parse(Buffer.from((await tokenFor(again.who, 'acme')).json.access_token.split('.')[1], 'base64url').toString()).client_id
    expect((await owner.ask('DELETE', '/v1/organization/sign-in', { token: await owner.token() })).json.provider).toBe(null)
    expect((await second.vera.ask('GET', second.back)).status).toBe(410)
    expect((await again.who.ask('GET', '/v1/session')).status).toBe(401)
    expect((await clients.revocations({})).clients).toContain(grant)
    for (const table of ['sign_in_links', 'sign_in_flows', 'sign_in_domains']) expect(inDatabase((db) => db.prepare(`select count(*) from ${table}`).pluck().get())).toBe(0)
  })

  it('is told on a page when the provider says no', async () => {
    await organizationWithProvider()
    const { answer } = await signInByProvider('acme', 'nobody')
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('You are not signed in')])
  })

  it('is found by the short name, and by a domain that one organization alone names', async () => {
    await organizationWithProvider('acme', { domains: ['canary.example'] })
    await organization('without')
    const choose = (typed: string) => browser().ask('POST', '/sign-in/organization', { form: { organization: typed } })
    for (const typed of ['acme', 'ACME ', 'vera@Canary.example', 'canary.example']) expect([typed, (await choose(typed)).status]).toEqual([typed, 200])
    const page = await choose('vera@canary.example')
    expect(page.text).toContain('The acme')
    expect(page.text).toContain(provider.host)
    const unknown = await choose('nobody')
    for (const typed of ['without', 'unknown.example', '', '<b>@x']) {
      const answer = await choose(typed)
      expect([typed, answer.status]).toEqual([typed, 422])
      if (typed === 'without') expect(answer.text.replaceAll(/nonce="[^"]+"|without/g, '')).toBe(unknown.text.replaceAll(/nonce="[^"]+"|nobody/g, ''))
    }
    await organizationWithProvider('second', { domains: ['canary.example'] })
    expect((await choose('vera@canary.example')).status).toBe(422)
    const foreign = await browser().ask('POST', '/sign-in/organization', { form: { organization: 'acme' }, headers: { origin: 'https://evil.example' } })
    expect(foreign.status).toBe(403)
  })
})
