import { afterEach, describe, expect, it, vi } from 'vitest'
import { ask, clients, filesWith, identityAlone, inDatabase } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, fromOurPage, later, mailsOf, member, organization, password, problem } from '../../../../test/identity/people.ts'

identityAlone()
afterEach(() => vi.useRealTimers())

const fresh = 'another long enough'
const somebody = async () => member((await organization()).organizationId, 'viewer', 'Vera')
const signIn = (email: string, word: string) => ask('POST', '/v1/session', { headers: fromOurPage, json: { email, password: word } })
const forgotten = (email: string) => browser().ask('POST', '/sign-in/forgotten', { form: { email } })
const mails = () => mailsOf('password-reset')
const linksIn = async () => (await mails()).map(({ link }) => new URL(link!).pathname)
const reset = (path: string, word = fresh) => browser().ask('POST', path, { form: { new: word } })
const actions = () => inDatabase((db) => db.prepare(`select action from audit where action like 'person.password%' order by rowid`).all()).map((row: any) => row.action)

describe('a forgotten password', () => {
  it('is set anew by a mailed link, once; everyone is signed out, and nobody in', async () => {
    const person = await somebody()
    const grant = await person.tokenFor()
    const [known, unknown] = [await forgotten(person.email.toUpperCase()), await forgotten('nobody@canary.example')]
    expect([known.status, known.text]).toEqual([200, unknown.text.replaceAll(/nonce="[^"]+"/g, /nonce="[^"]+"/.exec(known.text)![0])])
    const [mail, ...more] = await mails()
    expect([mail!.email, mail!.locale, more]).toEqual([person.email, 'en', []])
    const [path] = await linksIn()
    for (let look = 0; look < 2; look++) expect((await ask('GET', path!)).status).toBe(200)
    expect((await reset(path!, 'short')).status).toBe(422)
    const vera = browser()
    const done = await vera.ask('POST', path!, { form: { new: fresh } })
    expect([done.status, done.headers.get('location'), done.headers.getSetCookie()]).toEqual([303, '/sign-in?reset&lang=en', []])
    expect((await ask('GET', done.headers.get('location')!)).text).toContain('Your password is changed')
    expect((await person.ask('GET', '/v1/session')).status).toBe(401)
    const { clients: ended } = await clients.revocations({})
    expect(ended).toContain(JSON.parse(Buffer.from(grant.json.access_token.split('.')[1], 'base64url').toString()).client_id)
    expect([(await signIn(person.email, password)).status, (await signIn(person.email, fresh)).status]).toEqual([401, 201])
    for (const again of [await reset(path!), await ask('GET', path!)]) expect(again.status).toBe(410)
    expect(filesWith(path!.split('/').at(-1)!)).toEqual([])
    expect(actions()).toEqual(['person.password-reset-asked', 'person.password-changed', 'person.password-reset'])
  })

  it('has a link for half an hour, and no other after a change', async () => {
    const person = await somebody()
    for (let time = 0; time < 2; time++) await forgotten(person.email)
    const [first, second] = await linksIn()
    const answers = await Promise.all([reset(first!), reset(first!)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 410])
    expect((await reset(second!, 'a third one, long enough')).status).toBe(410)
    expect((await signIn(person.email, fresh)).status).toBe(201)
    await forgotten(person.email)
    const [third] = await linksIn()
    later(29)
    expect((await ask('GET', third!)).status).toBe(200)
    later(2)
    for (const late of [await ask('GET', third!), await reset(third!, 'a third one, long enough')]) expect(late.status).toBe(410)
  })

  it('is set anew by nobody who invents a link, or comes from elsewhere', async () => {
    const person = await somebody()
    await forgotten(person.email)
    const [path] = await linksIn()
    for (const invented of [`${path!.slice(0, -1)}${path!.endsWith('A') ? 'B' : 'A'}`, path!.split('.')[0]!, '/sign-in/reset/x.y']) expect((await reset(invented)).status).toBe(410)
    expect((await browser().ask('POST', path!, { form: { new: fresh }, headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await signIn(person.email, password)).status).toBe(201)
  })

  it('is set anew by the API too', async () => {
    const person = await somebody()
    const asked = await Promise.all([person.email, 'nobody@canary.example'].map((email) => ask('POST', '/v1/password/forgotten', { headers: fromOurPage, json: { email, locale: 'ar' } })))
    expect(asked.map(({ status, text }) => [status, text])).toEqual([1, 2].map(() => [202, '{"accepted":true}']))
    const [mail] = await mails()
    expect(mail!.locale).toBe('ar')
    const token = mail!.link!.split('/').at(-1)!
    const send = () => ask('POST', '/v1/password/reset', { headers: fromOurPage, json: { token, password: fresh } })
    expect((await send()).status).toBe(200)
    expect(problem(await send())).toEqual([410, 'gone'])
    expect((await signIn(person.email, fresh)).status).toBe(201)
  })

  it('is asked for ten times in a quarter of an hour at most', async () => {
    const person = await somebody()
    for (let time = 0; time < 10; time++) expect((await forgotten(person.email)).status).toBe(200)
    expect((await forgotten(person.email)).status).toBe(429)
    expect(await mails()).toHaveLength(10)
  })
})

describe('a password', () => {
  const change = (person: Browser, json: object) => person.ask('PUT', '/v1/password', { json })

  it('is changed after a sign-in of the last ten minutes, or with the present one; other sessions end', async () => {
    const person = await somebody()
    const elsewhere = browser()
    await elsewhere.ask('POST', '/v1/session', { json: { email: person.email, password } })
    await forgotten(person.email)
    expect(problem(await change(person, { password: 'wrong wrong wrong', newPassword: fresh }))).toEqual([401, 'unauthenticated'])
    expect((await change(person, { newPassword: fresh })).status).toBe(200)
    expect([(await person.ask('GET', '/v1/session')).status, (await elsewhere.ask('GET', '/v1/session')).status]).toEqual([200, 401])
    expect(await linksIn()).toEqual([])
    later(11)
    expect(problem(await change(person, { newPassword: password }))).toEqual([401, 'unauthenticated'])
    expect((await person.ask('GET', '/account/password')).text).toContain('name="password"')
    expect((await person.ask('POST', '/account/password', { form: { new: password } })).status).toBe(401)
    expect((await change(person, { password: fresh, newPassword: password })).status).toBe(200)
    expect((await signIn(person.email, password)).status).toBe(201)
  })
})
