import { describe, expect, it } from 'vitest'
import { ask, clients, identityAlone, links } from '../../../../test/identity/identity-alone.ts'
import { browser, member, organization, password } from '../../../../test/identity/people.ts'

identityAlone()

const invited = async (organizationId: string, email: string) => new URL((await clients.inviteMember({ organizationId, email, role: 'issuer' })).link).pathname

describe('the pages for people, in a browser without scripts', () => {
  it('take an invitation, make an account, sign in, and show it', async () => {
    const { organizationId } = await organization()
    const path = await invited(organizationId, 'ada@canary.example')
    const ada = browser()
    const page = await ada.ask('GET', path)
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Join The acme')])
    expect(page.text).not.toContain('<script')
    expect(page.headers.get('cache-control')).toBe('no-store')
    const arabic = await ada.ask('GET', `${path}?lang=ar`)
    expect(arabic.text).toContain('<html lang="ar" dir="rtl">')
    const wrong = await ada.ask('POST', path, { form: { name: '<img src=x onerror=alert(1)>', password: 'short' } })
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('12 to 128')])
    expect(wrong.text).not.toContain('<img')
    const made = await ada.ask('POST', path, { form: { name: 'Ada <b>Lovelace</b>', password } })
    expect([made.status, made.headers.get('location')]).toEqual([303, '/account?lang=en'])
    const account = await ada.ask('GET', '/account')
    expect(account.text).toContain('Ada &lt;b&gt;Lovelace&lt;/b&gt;')
    for (const said of ['The acme', 'issuer', 'This browser']) expect(account.text).toContain(said)
    const token = await ada.ask('POST', '/account/token', { form: { organization: 'acme' } })
    const [, jwt] = /<code>([\w.-]+)<\/code>/.exec(token.text)!
    expect((await ask('GET', '/v1/organization', { token: jwt! })).status).toBe(200)
    expect((await ada.ask('GET', path)).status).toBe(410)
  })

  it('sign in and out, and end a session elsewhere', async () => {
    const { organizationId } = await organization()
    const { email } = await member(organizationId, 'viewer', 'Vera')
    const [here, there] = [browser(), browser()]
    expect((await here.ask('GET', '/account')).headers.get('location')).toBe('/sign-in?lang=en')
    const wrong = await here.ask('POST', '/sign-in', { form: { email, password: 'wrong wrong wrong' } })
    expect([wrong.status, wrong.text]).toEqual([401, expect.stringContaining('role="alert"')])
    expect(wrong.text).toContain(`value="${email}"`)
    for (const one of [here, there]) expect((await one.ask('POST', '/sign-in', { form: { email, password } })).status).toBe(303)
    const { text } = await here.ask('GET', '/account')
    const [, session] = /name="session" value="([^"]+)"/.exec(text)!
    await here.ask('POST', '/account/sessions', { form: { session: session! } })
    expect((text.match(/name="session"/g) ?? []).length - ((await here.ask('GET', '/account')).text.match(/name="session"/g) ?? []).length).toBe(1)
    expect((await here.ask('POST', '/sign-in/out', { form: {} })).headers.get('location')).toBe('/sign-in?out&lang=en')
    expect((await here.ask('GET', '/account')).status).toBe(303)
  })

  it('lead nowhere but to pages of ours, and answer to no other site', async () => {
    const { organizationId } = await organization()
    const { email } = await member(organizationId, 'viewer', 'Vera')
    for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', '/account/../x', '/invitations/a%0d%0ab', '/setup']) {
      const answer = await browser().ask('POST', '/sign-in', { form: { email, password, next } })
      expect([next, answer.headers.get('location')]).toEqual([next, '/account?lang=en'])
    }
    const path = await invited(organizationId, email.replace('vera', 'other'))
    const to = await browser().ask('POST', '/sign-in', { form: { email, password, next: path } })
    expect(to.headers.get('location')).toBe(`${path}?lang=en`)
    for (const target of ['/sign-in', '/sign-in/out', '/account/token', '/account/sessions', path]) {
      const foreign = await browser().ask('POST', target, { form: { email, password }, headers: { origin: 'https://evil.example' } })
      expect([target, foreign.status]).toEqual([target, 403])
    }
  })

  it('tell who is signed in with another address to sign out, and who has an account to sign in', async () => {
    const { organizationId } = await organization()
    const second = await organization('second')
    const vera = await member(organizationId, 'viewer', 'Vera')
    const other = await invited(second.organizationId, 'other@canary.example')
    expect((await vera.ask('GET', other)).text).toContain('action="/sign-in/out')
    const own = await invited(second.organizationId, vera.email)
    expect((await browser().ask('GET', own)).text).toContain(`/sign-in?lang=en&amp;next=${encodeURIComponent(own)}`)
    expect((await vera.ask('POST', own)).status).toBe(415)
    expect((await vera.ask('POST', own, { form: {} })).headers.get('location')).toBe('/account?lang=en')
    expect((await vera.ask('GET', '/account')).text).toContain('The second')
  })
})

describe('set-up', () => {
  it('makes the first owner, who signs in', async () => {
    const token = links[0]!.split('#')[1]!
    const form = { token, name: 'Acme', slug: 'acme', person: 'Olive', email: 'olive@canary.example', password }
    const short = await ask('POST', '/setup', { form: { ...form, password: 'short' } })
    expect([short.status, short.text]).toEqual([422, expect.stringContaining('A password: Use at least 12')])
    expect(short.text).not.toContain('short"')
    expect((await ask('POST', '/setup', { form })).status).toBe(201)
    const olive = browser()
    const { json } = await olive.ask('POST', '/v1/session', { json: { email: 'olive@canary.example', password } })
    expect(json.organizations).toMatchObject([{ slug: 'acme', role: 'owner' }])
  })

  it('makes one by the API too', async () => {
    const owner = { name: 'Olive', email: 'olive@canary.example', password }
    const answer = await ask('POST', '/v1/setup', { json: { token: links[0]!.split('#')[1], organization: { slug: 'acme', name: 'Acme' }, owner } })
    expect(answer.status).toBe(201)
    expect((await browser().ask('POST', '/v1/session', { json: { email: owner.email, password } })).status).toBe(201)
  })
})
