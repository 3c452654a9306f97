import { describe, expect, it } from 'vitest'
import { ask, clients, filesWith, identityAlone, inDatabase, start, stop } from '../../../../test/identity/identity-alone.ts'
import { browser, fromOurPage, member, organization, password, problem } from '../../../../test/identity/people.ts'
import { codeOf, nextCode } from '../../../../test/identity/time-codes.ts'

identityAlone()

const wrongCode = (secret: string) => String((Number(codeOf(secret)) + 1) % 1_000_000).padStart(6, '0')

/** A person with an app, by the pages. */
async function withApp(name = 'Vera') {
  const { organizationId } = await organization()
  const person = await member(organizationId, 'viewer', name)
  expect((await person.ask('POST', '/account/second-factor', { form: { password: 'wrong wrong wrong' } })).status).toBe(401)
  const { text } = await person.ask('POST', '/account/second-factor', { form: { password } })
  const [secret, recovery] = [...text.matchAll(/<code>([^<]+)<\/code>/g)].map(([, found]) => found!)
  expect(text).toContain('<svg')
  return { ...person, secret: secret!, recovery: recovery!.split('\n') }
}
const confirmed = async (name?: string) => {
  const person = await withApp(name)
  const answer = await person.ask('POST', '/account/second-factor/confirm', { form: { code: codeOf(person.secret) } })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account?lang=en'])
  return person
}
const signIn = (email: string, more: object = {}) => ask('POST', '/v1/session', { headers: fromOurPage, json: { email, password, ...more } })

describe('a second factor', () => {
  it('is asked for once a first code was right, and not before', async () => {
    const person = await withApp()
    expect((await signIn(person.email)).status).toBe(201)
    expect((await person.ask('POST', '/account/second-factor/confirm', { form: { code: wrongCode(person.secret) } })).status).toBe(422)
    expect((await signIn(person.email)).status).toBe(201)
    await person.ask('POST', '/account/second-factor/confirm', { form: { code: codeOf(person.secret) } })
    const without = await signIn(person.email)
    expect([problem(without), without.json.secondFactor]).toEqual([[401, 'unauthenticated'], true])
    expect(problem(await signIn(person.email, { code: wrongCode(person.secret) }))).toEqual([401, 'unauthenticated'])
    expect(problem(await signIn(person.email, { code: codeOf(person.secret, Date.now() - 300_000) }))).toEqual([401, 'unauthenticated'])
    expect((await signIn(person.email, { code: nextCode(person.secret) })).status).toBe(201)
    const actions = inDatabase((db) => db.prepare(`select action from audit where action like 'person.second%'`).all())
    expect(actions).toEqual([{ action: 'person.second-factor-set' }])
  })

  it('lets no code in twice, nor one that is older than the last', async () => {
    const person = await withApp()
    const confirm = (code: string) => person.ask('POST', '/account/second-factor/confirm', { form: { code } })
    const first = codeOf(person.secret)
    expect((await confirm(first)).status).toBe(303)
    expect(problem(await signIn(person.email, { code: first }))).toEqual([401, 'unauthenticated'])
    const next = nextCode(person.secret)
    // As two processes would be asked at once: one of them lets in.
    const answers = await Promise.all([1, 2, 3].map(() => signIn(person.email, { code: next })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 401, 401])
    for (const code of [first, next]) expect(problem(await signIn(person.email, { code }))).toEqual([401, 'unauthenticated'])
    const browsing = browser()
    await browsing.ask('POST', '/sign-in', { form: { email: person.email, password } })
    expect((await browsing.ask('POST', '/sign-in/code', { form: { code: next } })).status).toBe(401)
    expect((await browsing.ask('GET', '/v1/session')).status).toBe(401)
    expect((await signIn(person.email, { code: person.recovery[0]! })).status).toBe(201)
  })

  it('is a step of its own in a browser, and nothing is open before it', async () => {
    const { email, secret } = await confirmed()
    const vera = browser()
    const first = await vera.ask('POST', '/sign-in', { form: { email, password } })
    expect(first.headers.get('location')).toBe('/sign-in/code?lang=en')
    expect((await vera.ask('GET', '/account')).headers.get('location')).toBe('/sign-in?lang=en')
    expect((await vera.ask('GET', '/v1/session')).status).toBe(401)
    expect((await vera.ask('POST', '/sign-in/code', { form: { code: wrongCode(secret) } })).status).toBe(401)
    expect((await vera.ask('POST', '/sign-in/code', { form: { code: nextCode(secret) } })).headers.get('location')).toBe('/account?lang=en')
    expect((await vera.ask('GET', '/v1/session')).status).toBe(200)
  })

  it('is not guessed: five codes for a password that was right, then it begins anew', async () => {
    const { email, secret } = await confirmed()
    const guesser = browser()
    await guesser.ask('POST', '/sign-in', { form: { email, password } })
    for (let i = 0; i < 5; i++) expect((await guesser.ask('POST', '/sign-in/code', { form: { code: wrongCode(secret) } })).status).toBe(401)
    expect((await guesser.ask('POST', '/sign-in/code', { form: { code: nextCode(secret) } })).status).toBe(401)
    const again = browser()
    await again.ask('POST', '/sign-in', { form: { email, password } })
    for (let i = 0; i < 5; i++) await again.ask('POST', '/sign-in/code', { form: { code: wrongCode(secret) } })
    const locked = browser()
    await locked.ask('POST', '/sign-in', { form: { email, password } })
    expect((await locked.ask('POST', '/sign-in/code', { form: { code: nextCode(secret) } })).status).toBe(429)
  })

  it('lets in by a code that was kept, once', async () => {
    const { email, recovery } = await confirmed()
    expect((await signIn(email, { code: recovery[0]! })).status).toBe(201)
    expect(problem(await signIn(email, { code: recovery[0]! }))).toEqual([401, 'unauthenticated'])
    expect((await signIn(email, { code: recovery[1]! })).status).toBe(201)
  })

  it('goes with the password, and lies nowhere in clear', async () => {
    const person = await confirmed()
    for (const secret of [person.secret, person.recovery[0]!]) expect(filesWith(secret)).toEqual([])
    expect((await person.ask('POST', '/account/second-factor', { form: { password: 'wrong wrong wrong' } })).status).toBe(401)
    expect((await signIn(person.email)).status).toBe(401)
    expect((await person.ask('POST', '/account/second-factor', { form: { password } })).status).toBe(303)
    expect((await signIn(person.email)).status).toBe(201)
  })
})

describe('a link in a mail', () => {
  const linksIn = async () => {
    const ids = inDatabase((db) => db.prepare(`select id from account_mails where kind = 'sign-in-link' order by id`).all()) as { id: string }[]
    return Promise.all(ids.map(async ({ id }) => new URL((await clients.accountMail({ mailId: id })).link!).pathname))
  }
  const order = (email: string) => browser().ask('POST', '/sign-in/link', { form: { email } })

  it('signs in, once, and only by the button of its page', async () => {
    const { organizationId } = await organization()
    const { email } = await member(organizationId, 'viewer', 'Vera')
    const known = await order(email.toUpperCase())
    const unknown = await order('nobody@canary.example')
    expect([known.status, known.text]).toEqual([200, unknown.text.replace(/nonce="[^"]+"/, /nonce="[^"]+"/.exec(known.text)![0])])
    const [path, ...more] = await linksIn()
    expect(more).toEqual([])
    for (let look = 0; look < 3; look++) expect((await ask('GET', path!)).status).toBe(200)
    const vera = browser()
    expect((await vera.ask('POST', path!, { form: {} })).headers.get('location')).toBe('/account?lang=en')
    expect((await vera.ask('GET', '/v1/session')).json.person.email).toBe(email)
    expect((await browser().ask('POST', path!, { form: {} })).status).toBe(410)
    expect((await ask('GET', `${path!.slice(0, -1)}X`)).status).toBe(410)
    expect(filesWith(path!.split('/').at(-1)!)).toEqual([])
  })

  it('is no way around the second factor', async () => {
    const { email, secret } = await confirmed()
    await order(email)
    const [path] = await linksIn()
    expect((await ask('GET', path!)).text).toContain('name="code"')
    const vera = browser()
    for (const code of ['', wrongCode(secret)]) expect((await vera.ask('POST', path!, { form: { code } })).status).toBe(401)
    expect((await vera.ask('GET', '/v1/session')).status).toBe(401)
    expect((await vera.ask('POST', path!, { form: { code: nextCode(secret) } })).status).toBe(303)
    expect((await vera.ask('GET', '/v1/session')).status).toBe(200)
  })
})

describe('a password', () => {
  it('that is set anew by a mailed link is no way around the second factor', async () => {
    const { email, secret } = await confirmed()
    await browser().ask('POST', '/sign-in/forgotten', { form: { email } })
    const [mail] = inDatabase((db) => db.prepare(`select id from account_mails where kind = 'password-reset'`).all()) as { id: string }[]
    const { link } = await clients.accountMail({ mailId: mail!.id })
    const fresh = { password: 'another long enough' }
    expect((await browser().ask('POST', new URL(link!).pathname, { form: { new: fresh.password } })).status).toBe(303)
    const without = await signIn(email, fresh)
    expect([without.status, without.json.secondFactor]).toEqual([401, true])
    expect((await signIn(email, { ...fresh, code: nextCode(secret) })).status).toBe(201)
  })

  it('is changed by who knows it, and everyone else is signed out', async () => {
    const { organizationId } = await organization()
    const person = await member(organizationId, 'viewer', 'Vera')
    const elsewhere = browser()
    await elsewhere.ask('POST', '/v1/session', { json: { email: person.email, password } })
    const change = (form: Record<string, string>) => person.ask('POST', '/account/password', { form })
    expect((await change({ password: 'wrong wrong wrong', new: 'another long enough' })).status).toBe(401)
    expect((await change({ password, new: 'short' })).status).toBe(422)
    expect((await change({ password, new: 'another long enough' })).status).toBe(303)
    expect((await elsewhere.ask('GET', '/v1/session')).status).toBe(401)
    expect((await person.ask('GET', '/v1/session')).status).toBe(200)
    expect((await signIn(person.email)).status).toBe(401)
    expect((await signIn(person.email, { password: 'another long enough' })).status).toBe(201)
  })
})

describe('what is known of people', () => {
  it('is sealed anew when data keys are rotated, opens everywhere, and needs no old key', async () => {
    await stop()
    await start({ DATA_KEY_SECONDS: '2', STEP_RETRY_BASE_MS: '200' }, { listeners: true })
    const person = await confirmed()
    const { organizationId } = (await person.ask('GET', '/v1/session')).json.organizations.map((one: any) => ({ organizationId: one.id }))[0]
    const { link } = await clients.inviteMember({ organizationId, email: 'other@canary.example', role: 'viewer' })
    await clients.rotateDataKeys({ rotation: 'r1', scope: { of: 'all' } })
    await expect.poll(async () => (await clients.keyStatus({})).rotations[0]!.modules, { timeout: 30_000 }).toEqual([{ module: 'identity', done: true, left: 0 }])
    expect(await clients.retireDataKeys({ scope: { of: 'all' } })).toEqual({ retired: 2 })
    expect((await person.ask('GET', '/v1/session')).status).toBe(200)
    expect((await signIn(person.email, { code: nextCode(person.secret) })).status).toBe(201)
    const other = await browser().ask('GET', new URL(link).pathname)
    expect([other.status, other.text]).toEqual([200, expect.stringContaining('other@canary.example')])
    const [mail] = inDatabase((db) => db.prepare(`select id from account_mails where kind = 'invitation'`).all()) as { id: string }[]
    expect(await clients.accountMail({ mailId: mail!.id })).toMatchObject({ email: 'other@canary.example', link })
  }, 60_000)
})
