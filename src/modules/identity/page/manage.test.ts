import { describe, expect, it } from 'vitest'
import { ask, clients, identityAlone } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, member, organization, password } from '../../../../test/identity/people.ts'

identityAlone()

const at = (page: string, slug = 'acme') => `/account/organizations/${slug}/${page}`
const post = (who: Browser, page: string, form: Record<string, string>) => who.ask('POST', at(page), { form })
const alertOf = (text: string) => /role="alert">([^<]+)/.exec(text)?.[1]
const noticeOf = (text: string) => /role="status">([^<]+)/.exec(text)?.[1]?.replaceAll(/[\u2068\u2069]/g, '')
/** What a form on the page sends: the first whose hidden fields contain these. */
function formOf(text: string, wanted: Record<string, string>) {
  for (const [, form] of text.matchAll(/<form method="post"[^>]*>(.*?)<\/form>/gs)) {
    const fields = Object.fromEntries([...form!.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]))
    if (Object.entries(wanted).every(([name, value]) => fields[name!] === value)) return fields as Record<string, string>
  }
  return undefined
}
const trailOf = async (who: { token: () => Promise<string> }) => (await ask('GET', '/v1/audit?limit=200', { token: await who.token() })).json?.entries

async function team() {
  const { organizationId } = await organization()
  const [olive, adam, iris, vera, rex] = [
    await member(organizationId, 'owner', 'Olive'), await member(organizationId, 'admin', 'Adam'), await member(organizationId, 'issuer', 'Iris'),
    await member(organizationId, 'viewer', 'Vera'), await member(organizationId, 'reviewer', 'Rex'),
  ]
  return { organizationId, olive, adam, iris, vera, rex }
}

describe('who manages members', () => {
  it('sees what the role permits, and nothing of another organization', async () => {
    const { olive, adam, iris, rex } = await team()
    const other = await organization('other')
    const stranger = await member(other.organizationId, 'owner', 'Strange')
    const pages = ['members', 'invitations', 'access'] as const
    const statuses = async (who: Browser, slug = 'acme') => Promise.all(pages.map(async (page) => (await who.ask('GET', at(page, slug))).status))
    expect([await statuses(olive), await statuses(adam), await statuses(rex), await statuses(iris)])
      .toEqual([[200, 200, 200], [200, 200, 200], [200, 200, 404], [404, 404, 404]])
    expect([await statuses(stranger), await statuses(olive, 'other'), await statuses(olive, 'nobody')]).toEqual([[404, 404, 404], [404, 404, 404], [404, 404, 404]])
    for (const page of [await olive.ask('GET', at('members')), await olive.ask('GET', `${at('members')}?q=strange`)]) expect(page.text).not.toContain('<bdi>Strange')
    expect((await stranger.ask('GET', at('members', 'other'))).text).not.toContain('<bdi>Olive')
    expect((await browser().ask('GET', at('members'))).headers.get('location')).toBe('/sign-in?lang=en')
    const seen = (await rex.ask('GET', at('members'))).text
    expect(seen).toContain('Vera')
    expect(seen).not.toContain('method="post"')
    expect((await rex.ask('GET', at('invitations'))).text).not.toContain('method="post"')
    const asAdam = (await adam.ask('GET', at('members'))).text
    expect([formOf(asAdam, { member: olive.memberId }), formOf(asAdam, { member: adam.memberId }), formOf(asAdam, { do: 'disable', member: iris.memberId })])
      .toEqual([undefined, undefined, { do: 'disable', member: iris.memberId }])
    expect(asAdam).not.toContain('<script')
    expect(asAdam.match(/<select name="role" aria-label[^>]*>.*?<\/select>/s)![0]).not.toContain('owner')
  })

  it('changes a role, disables, enables and removes, each with its undo, and under their own name', async () => {
    const { olive, iris, vera, organizationId } = await team()
    const changed = await post(olive, 'members', { do: 'role', member: iris.memberId, role: 'reviewer' })
    expect([changed.status, noticeOf(changed.text)]).toEqual([200, 'Iris is reviewer now.'])
    const undone = await post(olive, 'members', formOf(changed.text, { do: 'role', role: 'issuer' })!)
    expect(noticeOf(undone.text)).toBe('Iris is issuer now.')
    const disabled = await post(olive, 'members', { do: 'disable', member: iris.memberId })
    expect(noticeOf(disabled.text)).toBe('Iris is disabled and signed out.')
    expect((await iris.ask('GET', '/account')).status).toBe(303)
    await post(olive, 'members', formOf(disabled.text, { do: 'enable' })!)
    expect((await browser().ask('POST', '/sign-in', { form: { email: iris.email, password } })).status).toBe(303)
    const removed = await post(olive, 'members', { do: 'remove', member: vera.memberId })
    expect([noticeOf(removed.text), removed.text.includes(`name="member" value="${vera.memberId}"`)]).toEqual(['Vera is a member no more.', false])
    const invited = await post(olive, 'invitations', formOf(removed.text, { do: 'invite' })!)
    expect(invited.text).toContain(vera.email)
    const entries = await trailOf(olive)
    for (const action of ['member.role-changed', 'member.disabled', 'member.enabled', 'member.removed'])
      expect(entries.find((entry: any) => entry.action === action)).toMatchObject({ actor: `person:${olive.personId}` })
    expect((await clients.organization({ id: organizationId })).slug).toBe('acme')
  })

  it('is held to what they may do at every form, whatever the page showed', async () => {
    const { olive, adam, iris, rex, vera } = await team()
    const other = await organization('other')
    const foreign = await member(other.organizationId, 'viewer', 'Foreign')
    const refused = async (who: Browser, page: string, form: Record<string, string>) => {
      const { status, text } = await post(who, page, form)
      return [status, alertOf(text)?.slice(0, 24)]
    }
    expect(await refused(rex, 'members', { do: 'remove', member: vera.memberId })).toEqual([404, undefined])
    expect(await refused(iris, 'access', { do: 'key', id: 'x' })).toEqual([404, undefined])
    expect(await refused(adam, 'members', { do: 'role', member: iris.memberId, role: 'owner' })).toEqual([403, 'Your role does not permi'])
    expect(await refused(adam, 'members', { do: 'disable', member: olive.memberId })).toEqual([403, 'Your role does not permi'])
    expect(await refused(adam, 'invitations', { do: 'invite', email: 'x@canary.example', role: 'owner' })).toEqual([403, 'Your role does not permi'])
    expect(await refused(olive, 'members', { do: 'disable', member: olive.memberId })).toEqual([403, 'Have somebody else chang'])
    expect(await refused(olive, 'members', { do: 'remove', member: foreign.memberId })).toEqual([409, 'That is no longer there.'])
    expect(await refused(olive, 'members', { do: 'remove', member: 'nobody' })).toEqual([409, 'That is no longer there.'])
    expect(await refused(olive, 'members', { do: 'promote', member: iris.memberId })).toEqual([422, 'Something in the form wa'])
    for (const page of ['members', 'invitations', 'access']) {
      const answer = await olive.ask('POST', at(page), { form: { do: 'remove', member: iris.memberId }, headers: { origin: 'https://evil.example' } })
      expect(answer.status).toBe(403)
    }
    expect((await foreign.ask('GET', '/account')).status).toBe(200)
    expect((await iris.ask('GET', '/account')).status).toBe(200)
    expect((await trailOf(olive)).filter(({ action }: any) => /member\.(removed|disabled|role-changed)/.test(action))).toEqual([])
  })

  it('finds somebody by a part of the name or address, by role and by state, and turns pages', async () => {
    const { olive, iris } = await team()
    const listed = async (query: string) => [...(await olive.ask('GET', `${at('members')}?${query}`)).text.matchAll(/<strong><bdi>([^<]+)/g)].map(([, name]) => name)
    expect(await listed('')).toEqual(['Olive', 'Adam', 'Iris', 'Vera', 'Rex'])
    expect([await listed('q=RI'), await listed('q=vera%40'), await listed('role=admin'), await listed('state=disabled'), await listed('q=nobody')])
      .toEqual([['Iris'], ['Vera'], ['Adam'], [], []])
    await post(olive, 'members', { do: 'disable', member: iris.memberId })
    expect([await listed('state=disabled'), await listed('state=active&role=issuer')]).toEqual([['Iris'], []])
    expect((await olive.ask('GET', `${at('members')}?q=nobody`)).text).toContain('Nobody is found')
    const kept = await olive.ask('POST', `${at('members')}?q=iris`, { form: { do: 'enable', member: iris.memberId } })
    expect([...kept.text.matchAll(/<strong><bdi>([^<]+)/g)].map(([, name]) => name)).toEqual(['Iris'])
    expect((await olive.ask('GET', `${at('members')}?after=${iris.memberId}`)).text).toContain('First page')
    expect((await olive.ask('GET', `${at('members')}?after=%27&role=king&state=x`)).status).toBe(200)
  })
})

describe('who invites', () => {
  it('sends, sends again, takes back, and invites again', async () => {
    const { olive } = await team()
    expect((await olive.ask('GET', at('invitations'))).text).toContain('No invitation is open.')
    const wrong = await post(olive, 'invitations', { do: 'invite', email: 'nobody', role: 'viewer' })
    expect([wrong.status, alertOf(wrong.text)?.slice(0, 22), wrong.text.includes('value="nobody"')]).toEqual([422, 'Give an e-mail address', true])
    const sent = await post(olive, 'invitations', { do: 'invite', email: ' New@Canary.example ', role: 'viewer', locale: 'ar' })
    expect(noticeOf(sent.text)).toContain('on its way to new@canary.example')
    const resend = formOf(sent.text, { do: 'resend' })!
    const first = resend.invitation!
    const again = await post(olive, 'invitations', resend)
    expect(noticeOf(again.text)).toContain('Another mail')
    const second = formOf(again.text, { do: 'resend' })!.invitation!
    expect(second).not.toBe(first)
    const late = await post(olive, 'invitations', resend)
    expect([late.status, alertOf(late.text)]).toEqual([409, expect.stringContaining('no longer there')])
    const back = await post(olive, 'invitations', { do: 'revoke', invitation: second })
    expect([noticeOf(back.text), back.text.includes('No invitation is open.')]).toEqual(['The invitation of new@canary.example is taken back.', true])
    const anew = await post(olive, 'invitations', formOf(back.text, { do: 'invite' })!)
    expect(noticeOf(anew.text)).toContain('on its way')
    const known = await post(olive, 'invitations', { do: 'invite', email: olive.email, role: 'viewer' })
    expect([known.status, alertOf(known.text)]).toEqual([409, expect.stringContaining('a member already')])
  })

  it('again gives another link, and the one before opens nothing', async () => {
    const { olive, organizationId } = await team()
    const { link } = await clients.inviteMember({ organizationId, email: 'new@canary.example', role: 'viewer' })
    const page = await olive.ask('GET', at('invitations'))
    await post(olive, 'invitations', formOf(page.text, { do: 'resend' })!)
    expect((await browser().ask('GET', new URL(link).pathname)).status).toBe(410)
    const { link: other } = await clients.inviteMember({ organizationId, email: 'new@canary.example', role: 'viewer' })
    expect(other).not.toBe(link)
    expect((await browser().ask('GET', new URL(other).pathname)).status).toBe(200)
  })
})

describe('programs', () => {
  it('are shown with what they may do, and revoked', async () => {
    const { organizationId, client } = await organization()
    const olive = await member(organizationId, 'owner', 'Olive')
    const token = await olive.token()
    const key = (await ask('POST', '/v1/api-keys', { token, json: { name: 'Till <b>1</b>', scopes: ['credentials:write'] }, headers: { 'idempotency-key': 'one' } })).json
    const page = (await olive.ask('GET', at('access'))).text
    for (const said of ['Till &lt;b&gt;1&lt;/b&gt;', 'never used', 'credentials:write', 'Test']) expect(page).toContain(said)
    expect(page).not.toContain(key.key ?? 'vellum_')
    const revoked = await post(olive, 'access', formOf(page, { do: 'key' })!)
    expect([noticeOf(revoked.text), formOf(revoked.text, { do: 'key' })]).toEqual(['Till &lt;b&gt;1&lt;/b&gt; works no more.', undefined])
    await post(olive, 'access', { do: 'client', id: client.clientId })
    const entries = (await ask('GET', '/v1/audit', { token })).json?.entries
    if (entries) expect(entries.map(({ action }: any) => action)).toEqual(expect.arrayContaining(['api-key.revoked', 'client.disabled']))
  })
})

describe('who is of several organizations', () => {
  it('goes from one to the other, and acts with the role of each', async () => {
    const { organizationId, adam } = await team()
    const second = await organization('second')
    const { link } = await clients.inviteMember({ organizationId: second.organizationId, email: adam.email, role: 'viewer' })
    await adam.ask('POST', new URL(link).pathname, { form: {} })
    const account = (await adam.ask('GET', '/account')).text
    for (const slug of ['acme', 'second']) expect(account).toContain(`/account/organizations/${slug}?lang=en`)
    const here = (await adam.ask('GET', at('members'))).text
    expect(here).toContain('href="/account/organizations/second?lang=en"')
    const there = await adam.ask('GET', '/account/organizations/second')
    expect([there.status, there.text.includes('are not shown to your role')]).toEqual([200, true])
    expect((await adam.ask('GET', at('members', 'second'))).status).toBe(404)
    expect(organizationId).not.toBe(second.organizationId)
  })
})
