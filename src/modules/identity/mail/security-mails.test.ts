import { describe, expect, it } from 'vitest'
import { authenticator } from '../../../../test/identity/authenticator.ts'
import { addApp } from '../../../../test/identity/factors.ts'
import { clients, filesWith, identityAlone, inDatabase, publicUrl } from '../../../../test/identity/identity-alone.ts'
import { browser, mailsOf, member, organization, password } from '../../../../test/identity/people.ts'
import { codeOf, nextCode } from '../../../../test/identity/time-codes.ts'

identityAlone()

const somebody = async (name = 'Vera') => member((await organization()).organizationId, 'viewer', name)
const mails = () => mailsOf('security-change')
const changes = async () => (await mails()).map(({ change }) => change)
const fresh = 'another long enough'

describe('a mail about a change of how one signs in', () => {
  it('goes to the address of the account, in the language of the request, and lies sealed', async () => {
    const person = await somebody()
    const before = Date.now()
    expect((await person.ask('PUT', '/v1/password', { json: { newPassword: fresh }, headers: { 'accept-language': 'ar-EG, en;q=0.5' } })).status).toBe(200)
    const [mail, ...more] = await mails()
    expect([mail!.change, mail!.email, mail!.name, mail!.locale, mail!.link, more]).toEqual(['password-changed', person.email, 'Vera', 'ar', `${publicUrl}/account`, []])
    expect(Date.parse(mail!.changedAt!)).toBeGreaterThanOrEqual(before)
    const events = inDatabase((db) => db.prepare(`select name from outbox where name = 'mail.requested'`).all())
    expect(events).toHaveLength(2)
    expect(filesWith(person.email)).toEqual([])
    await person.ask('POST', '/account/password?lang=ar', { form: { new: password } })
    expect((await mails()).map(({ locale }) => locale)).toEqual(['ar', 'ar'])
  })

  it('tells of a password that was set anew by a mailed link', async () => {
    const person = await somebody()
    await browser().ask('POST', '/v1/password/forgotten', { json: { email: person.email } })
    const [row] = inDatabase((db) => db.prepare(`select id from account_mails where kind = 'password-reset'`).all()) as { id: string }[]
    const { link } = await clients.accountMail({ mailId: row!.id })
    const reset = (word: string) => browser().ask('POST', '/v1/password/reset', { json: { token: link!.split('/').at(-1), password: word } })
    expect((await reset(fresh)).status).toBe(200)
    expect((await reset(fresh)).status).toBe(410)
    expect(await changes()).toEqual(['password-changed'])
  })

  it('tells of a passkey that was added or removed, not of one that was named anew or used', async () => {
    const person = await somebody()
    const key = authenticator(publicUrl)
    const { json } = await person.ask('POST', '/v1/passkeys/options', { json: {} })
    const { id } = (await person.ask('POST', '/v1/passkeys', { json: { name: 'Telephone', credential: key.create(json) } })).json
    await person.ask('PATCH', `/v1/passkeys/${id}`, { json: { name: 'Old telephone' } })
    const elsewhere = browser()
    const asked = await elsewhere.ask('POST', '/v1/session/passkey/options')
    expect((await elsewhere.ask('POST', '/v1/session/passkey', { json: { credential: key.get(asked.json) } })).status).toBe(201)
    expect(await changes()).toEqual(['passkey-added'])
    expect([(await person.ask('DELETE', `/v1/passkeys/${id}`)).status, (await person.ask('DELETE', `/v1/passkeys/${id}`)).status]).toEqual([200, 404])
    expect(await changes()).toEqual(['passkey-added', 'passkey-removed'])
  })

  it('tells of a second factor that is switched on or off, and of new codes, not of codes that are used', async () => {
    const person = await somebody()
    const begun = await person.ask('POST', '/account/second-factor', { form: { password } })
    const [secret, recovery] = [...begun.text.matchAll(/<code>([^<]+)<\/code>/g)].map(([, found]) => found!)
    // Begun again: an app that is not confirmed changes nothing yet.
    const again = await person.ask('POST', '/account/second-factor', { form: { password } })
    const [other, kept] = [...again.text.matchAll(/<code>([^<]+)<\/code>/g)].map(([, found]) => found!)
    expect([other === secret, kept === recovery, await changes()]).toEqual([false, false, []])
    await person.ask('POST', '/account/second-factor/confirm', { form: { code: codeOf(other!) } })
    expect(await changes()).toEqual(['second-factor-set'])
    const signIn = (code: string) => browser().ask('POST', '/v1/session', { json: { email: person.email, password, code } })
    expect([(await signIn(nextCode(other!))).status, (await signIn(kept!.split('\n')[0]!)).status]).toEqual([201, 201])
    expect(await changes()).toHaveLength(1)
    const wrong = await person.ask('POST', '/account/second-factor/codes', { form: { password: 'wrong wrong wrong' } })
    expect([wrong.status, await changes()]).toEqual([401, ['second-factor-set']])
    const renewed = await person.ask('POST', '/account/second-factor/codes', { form: { password } })
    const [codes] = [...renewed.text.matchAll(/<code>([^<]+)<\/code>/g)].map(([, found]) => found!.split('\n'))
    expect([codes!.length, new Set([...codes!, ...kept!.split('\n')]).size]).toEqual([10, 20])
    expect([(await signIn(kept!.split('\n')[1]!)).status, (await signIn(codes![0]!)).status]).toEqual([401, 201])
    // Sent twice, as by two clicks: one change.
    await Promise.all([1, 2].map(() => person.ask('POST', '/account/second-factor', { form: { password } })))
    expect(await changes()).toEqual(['second-factor-set', 'recovery-codes-renewed', 'second-factor-removed'])
    const audited = inDatabase((db) => db.prepare(`select action from audit where action like 'person.%' and action not like '%created' order by rowid`).all())
    expect(audited.map((row: any) => row.action)).toEqual(['person.second-factor-set', 'person.recovery-codes-renewed', 'person.second-factor-removed'])
  })

  it('makes no codes for who has no second factor, or showed none', async () => {
    const person = await somebody()
    const renew = (who: Pick<typeof person, 'ask'>) => who.ask('POST', '/account/second-factor/codes', { form: { password } })
    expect((await renew(person)).headers.get('location')).toBe('/account/second-factor?lang=en')
    const weak = browser()
    await weak.ask('POST', '/v1/session', { json: { email: person.email, password } })
    await addApp(person)
    expect((await renew(weak)).status).toBe(403)
    expect(await changes()).toEqual(['second-factor-set'])
  })
})
