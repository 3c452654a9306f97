import { describe, expect, it } from 'vitest'
import type { authenticator } from '../../../../test/identity/authenticator.ts'
import { addApp, addPasskey } from '../../../../test/identity/factors.ts'
import { clients, identityAlone, inDatabase, publicUrl } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, mailsOf, member, organization, password } from '../../../../test/identity/people.ts'

identityAlone()

/** With an app and a passkey. */
async function withFactors(name = 'Vera') {
  const person = await member((await organization()).organizationId, 'viewer', name)
  await addApp(person)
  const { key } = await addPasskey(person)
  return { ...person, key }
}
const signIn = async (email: string) => (await browser().ask('POST', '/v1/session', { json: { email, password } })).status
const byPasskey = async ({ key }: { key: ReturnType<typeof authenticator> }) => {
  const who = browser()
  const { json } = await who.ask('POST', '/v1/session/passkey/options')
  return (await who.ask('POST', '/v1/session/passkey', { json: { credential: key.get(json) } })).status
}
const isIn = async (who: Browser) => (await who.ask('GET', '/v1/session')).status === 200
const reset = (email: string, passkeys = false) => clients.resetSecondFactor({ email, passkeys, locale: 'ar-EG' })
const resets = () => inDatabase((db) => db.prepare(`select actor, target, details from audit where action = 'person.second-factor-reset' order by rowid`).all())
  .map(({ actor, target, details }: any) => [actor, target, JSON.parse(details)])
const mails = async () => (await mailsOf('security-change')).filter(({ change }) => change === 'second-factor-reset')

describe('who has lost their second factor', () => {
  it('is helped: the app goes, the passkeys stay, all sessions end, the audit and a mail tell it', async () => {
    const [vera, other] = [await withFactors(), await withFactors('Other')]
    expect([await signIn(vera.email), await isIn(vera)]).toEqual([401, true])
    expect(await reset(vera.email.toUpperCase())).toEqual({ personId: vera.personId, passkeys: 1 })
    expect([await isIn(vera), await signIn(vera.email), await byPasskey(vera)]).toEqual([false, 201, 201])
    expect(resets()).toEqual([['module:issuance', vera.personId, { app: 'removed', passkeys: 0 }]])
    expect((await mails()).map(({ email, locale, link }) => [email, locale, link])).toEqual([[vera.email, 'ar', `${publicUrl}/account`]])
    expect([await isIn(other), await signIn(other.email), await byPasskey(other)]).toEqual([true, 401, 201])
  })

  it('loses the passkeys too, if that is said', async () => {
    const [vera, other] = [await withFactors(), await withFactors('Other')]
    expect(await reset(vera.email, true)).toEqual({ personId: vera.personId, passkeys: 0 })
    expect([await isIn(vera), await signIn(vera.email), await byPasskey(vera), await byPasskey(other)]).toEqual([false, 201, 401, 201])
    const removed = inDatabase((db) => db.prepare(`select details from audit where action = 'passkey.removed'`).all())
    expect(removed.map(({ details }: any) => JSON.parse(details))).toEqual([{ person: vera.personId }])
    expect(resets()).toEqual([['module:issuance', vera.personId, { app: 'removed', passkeys: 1 }]])
  })

  it('is helped once: a repetition ends no session, and tells nothing', async () => {
    const vera = await withFactors()
    await reset(vera.email, true)
    const again = browser()
    await again.ask('POST', '/v1/session', { json: { email: vera.email, password } })
    expect(await reset(vera.email, true)).toEqual({ personId: vera.personId, passkeys: 0 })
    expect([await isIn(again), resets().length, (await mails()).length]).toEqual([true, 1, 1])
  })

  it('sets up an app anew, from the beginning', async () => {
    const vera = await withFactors()
    await reset(vera.email)
    const anew = browser()
    await anew.ask('POST', '/sign-in', { form: { email: vera.email, password } })
    expect((await anew.ask('POST', '/account/second-factor', { form: { password } })).status).toBe(403)
    await reset(vera.email, true)
    await anew.ask('POST', '/sign-in', { form: { email: vera.email, password } })
    const { status, text } = await anew.ask('POST', '/account/second-factor', { form: { password } })
    expect([status, text.includes('<svg')]).toEqual([200, true])
  })

  it('is nobody, where the address is nobody’s', async () => {
    await expect(reset('nobody@canary.example')).rejects.toMatchObject({ code: 'not-found' })
    expect(resets()).toEqual([])
  })
})
