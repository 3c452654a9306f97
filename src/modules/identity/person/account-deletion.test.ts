import { afterEach, describe, expect, it, vi } from 'vitest'
import { addApp, addPasskey } from '../../../../test/identity/factors.ts'
import { ask, clients, filesWith, identityAlone, inDatabase } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, later, mailsOf, member, organization, password, problem } from '../../../../test/identity/people.ts'

identityAlone()
afterEach(() => vi.useRealTimers())

const remove = (who: Browser) => who.ask('DELETE', '/v1/account')
const isIn = async (who: Browser) => (await who.ask('GET', '/v1/session')).status === 200
const signIn = async (email: string) => (await browser().ask('POST', '/v1/session', { json: { email, password } })).status
const audited = (where: string) => (inDatabase((db) => db.prepare(`select actor, action, target, details, organization_id from audit where ${where} order by rowid`).all()) as any[])
const mails = () => mailsOf('security-change')
/** Where this id stands, by table; but for the audit and the outbox, which stay. */
const tablesWith = (id: string) =>
  inDatabase((db) => (db.prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`).all() as { name: string }[])
    .filter(({ name }) => db.prepare(`select * from "${name}"`).all().some((row: any) => Object.values(row).some((value) => String(value).includes(id)))).map(({ name }) => name))

describe('an account that its person deletes', () => {
  it('is gone with all that hangs on it; the audit keeps the id, and a last mail tells it', async () => {
    const { organizationId } = await organization()
    const [olive, vera] = [await member(organizationId, 'owner', 'Olive'), await member(organizationId, 'owner', 'Vera')]
    const token = await vera.token()
    const elsewhere = browser()
    await elsewhere.ask('POST', '/v1/session', { json: { email: vera.email, password } })
    await browser().ask('POST', '/v1/password/forgotten', { json: { email: vera.email } })
    await addApp(vera)
    const { key } = await addPasskey(vera)
    const before = tablesWith(vera.personId)
    for (const table of ['persons', 'person_accounts', 'person_two_factors', 'person_passkeys', 'person_sessions', 'password_resets', 'members']) expect(before).toContain(table)
    const done = await vera.ask('DELETE', '/v1/account', { headers: { 'accept-language': 'ar' } })
    expect([done.status, done.json]).toEqual([200, { person: vera.personId, deleted: true }])
    expect(vera.jar.size).toBe(0)
    expect(tablesWith(vera.personId)).toEqual(['audit'])
    expect(inDatabase((db) => db.prepare(`select id from invitations`).all())).toHaveLength(1)
    expect(inDatabase((db) => db.prepare(`select id from account_mails where kind = 'password-reset'`).all())).toEqual([])
    expect([await isIn(vera), await isIn(elsewhere), await signIn(vera.email)]).toEqual([false, false, 401])
    const stranger = browser()
    const { json } = await stranger.ask('POST', '/v1/session/passkey/options')
    expect((await stranger.ask('POST', '/v1/session/passkey', { json: { credential: key.get(json) } })).status).toBe(401)
    const { clients: ended } = await clients.revocations({})
    expect(ended).toContain(JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).client_id)
    const actor = `person:${vera.personId}`
    expect(audited(`action in ('person.deleted', 'member.removed')`).map(({ details, ...row }) => ({ ...row, details: JSON.parse(details) }))).toEqual([
      { actor, action: 'member.removed', target: vera.memberId, details: { person: vera.personId, role: 'owner' }, organization_id: organizationId },
      { actor, action: 'person.deleted', target: vera.personId, details: {}, organization_id: 'installation' },
    ])
    expect((await mails()).at(-1)).toMatchObject({ change: 'account-deleted', email: vera.email, locale: 'ar' })
    expect((await mails()).at(-1)!.link).toBeUndefined()
    expect([await isIn(olive), (await ask('GET', '/v1/members', { token: await olive.token() })).json.members.map(({ name }: any) => name)]).toEqual([true, ['Olive']])
    expect(filesWith(vera.email)).toEqual([])
  })

  it('registers again with the same address, as somebody new', async () => {
    const { organizationId } = await organization()
    const vera = await member(organizationId, 'viewer', 'Vera')
    // One that is open outlives the account.
    const other = await organization('second')
    const { link } = await clients.inviteMember({ organizationId: other.organizationId, email: vera.email, role: 'issuer' })
    expect((await remove(vera)).status).toBe(200)
    const again = await member(organizationId, 'viewer', 'Vera')
    expect(again.personId).not.toBe(vera.personId)
    expect((await again.ask('POST', '/v1/invitations/accept', { json: { token: link.split('/').at(-1) } })).status).toBe(201)
    expect((await again.ask('GET', '/v1/session')).json.organizations.map(({ slug }: any) => slug)).toEqual(['acme', 'second'])
  })

  it('stays while its person is the only owner of an organization who may sign in', async () => {
    const { organizationId } = await organization()
    const [olive, second] = [await member(organizationId, 'owner', 'Olive'), await member(organizationId, 'owner', 'Second')]
    const disable = (disabled: boolean) => ask('PATCH', `/v1/members/${second.memberId}`, { token: ownerToken, json: { disabled } })
    const ownerToken = await olive.token()
    await disable(true)
    const other = await organization('other')
    const { link } = await clients.inviteMember({ organizationId: other.organizationId, email: olive.email, role: 'owner' })
    await olive.ask('POST', '/v1/invitations/accept', { json: { token: link.split('/').at(-1) } })
    const refused = await remove(olive)
    expect([problem(refused), refused.json.detail, refused.json.organizations.toSorted()]).toEqual([[409, 'state-refused'], expect.stringMatching(/^Make somebody else an owner first/), ['acme', 'other']])
    const page = await olive.ask('GET', '/account/delete')
    for (const said of ['You are the only owner', '/account/organizations/acme/members', '/account/organizations/other/members']) expect(page.text).toContain(said)
    expect(page.text).not.toContain('<form method="post" action="/account/delete')
    expect((await olive.ask('POST', '/account/delete', { form: {} })).status).toBe(409)
    expect([await isIn(olive), tablesWith(olive.personId).includes('persons'), (await mails()).length]).toEqual([true, true, 0])
    await disable(false)
    expect((await remove(olive)).json.organizations).toEqual(['other'])
    expect((await ask('DELETE', `/v1/members/${(await olive.ask('GET', '/v1/session')).json.organizations.find(({ slug }: any) => slug === 'acme').member}`, { token: ownerToken })).status).toBe(200)
    expect(audited(`action = 'person.deleted'`)).toEqual([])
  })

  it('may be a disabled owner’s, and a member’s who owns nothing', async () => {
    const { organizationId } = await organization()
    const [olive, second, vera] = [await member(organizationId, 'owner', 'Olive'), await member(organizationId, 'owner', 'Second'), await member(organizationId, 'admin', 'Vera')]
    await ask('PATCH', `/v1/members/${second.memberId}`, { token: await olive.token(), json: { disabled: true } })
    await second.ask('POST', '/v1/session', { json: { email: second.email, password } })
    expect([(await remove(second)).status, (await remove(vera)).status, (await remove(olive)).status]).toEqual([200, 200, 409])
  })

  it('goes only with a fresh proof', async () => {
    const vera = await member((await organization()).organizationId, 'viewer', 'Vera')
    expect((await vera.ask('DELETE', '/v1/account', { headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await vera.ask('POST', '/account/delete', { form: {}, headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await vera.ask('GET', '/account/delete')).text).not.toContain('name="password"')
    later(11)
    expect(problem(await remove(vera))).toEqual([401, 'unauthenticated'])
    expect((await vera.ask('GET', '/account/delete')).text).toContain('name="password"')
    expect((await vera.ask('POST', '/account/delete', { form: {} })).status).toBe(401)
    const wrong = await vera.ask('POST', '/account/delete', { form: { password: 'wrong wrong wrong' } })
    expect([wrong.status, wrong.text.includes('That was not your password.'), await isIn(vera)]).toEqual([401, true, true])
    const done = await vera.ask('POST', '/account/delete', { form: { password } })
    expect([done.status, done.headers.get('location'), vera.jar.size]).toEqual([303, '/sign-in?deleted&lang=en', 0])
    expect((await ask('GET', '/sign-in?deleted')).text).toContain('Your account is deleted.')
    expect((await vera.ask('GET', '/account/delete')).headers.get('location')).toBe('/sign-in?lang=en')
  })

  it('goes not by a session that showed no second factor, where there is one', async () => {
    const vera = await member((await organization()).organizationId, 'viewer', 'Vera')
    await addPasskey(vera)
    const weak = browser()
    await weak.ask('POST', '/v1/session', { json: { email: vera.email, password } })
    expect([problem(await remove(weak)), (await weak.ask('POST', '/account/delete', { form: { password } })).status]).toEqual([[403, 'forbidden'], 403])
    expect((await remove(vera)).status).toBe(200)
  })
})
