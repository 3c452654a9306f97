import { describe, expect, it } from 'vitest'
import { addPasskey } from '../../../../test/identity/factors.ts'
import { ask, identityAlone, inDatabase, publicUrl } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, member, organization, password, problem } from '../../../../test/identity/people.ts'
import { codeOf, nextCode } from '../../../../test/identity/time-codes.ts'

identityAlone()

const tokenIn = (who: Browser, slug = 'acme') => who.ask('POST', '/v1/session/token', { json: { organization: slug } })
const byPassword = async (email: string, more: object = {}) => {
  const who = browser()
  expect((await who.ask('POST', '/v1/session', { json: { email, password, ...more } })).status).toBe(201)
  return who
}

/** An organization that asks for a second factor, and a member without one. */
async function demanding() {
  const { organizationId } = await organization()
  const owner = await member(organizationId, 'owner', 'Olive')
  const token = await owner.token()
  const demand = (requiresSecondFactor: boolean) => ask('PATCH', '/v1/organization', { token, json: { requiresSecondFactor } })
  expect((await demand(true)).json.requiresSecondFactor).toBe(true)
  return { owner, demand, vera: await member(organizationId, 'viewer', 'Vera') }
}

describe('an organization that asks for a second factor', () => {
  it('gives no token to a member without one, and says where to set one up; its owner too', async () => {
    const { owner, vera, demand } = await demanding()
    for (const one of [owner, vera]) {
      const refused = await tokenIn(one)
      expect([problem(refused), refused.json.page]).toEqual([[403, 'second-factor-required'], `${publicUrl}/account/second-factor`])
    }
    const managing = () => owner.ask('GET', '/account/organizations/acme/members')
    const led = await managing()
    expect([led.status, led.headers.get('location')]).toEqual([303, '/account/second-factor?required&lang=en'])
    const { text } = await vera.ask('GET', '/account')
    expect(text).toContain('href="/account/second-factor?required&amp;lang=en"')
    expect(text).not.toContain('action="/account/token')
    const sent = await vera.ask('POST', '/account/token', { form: { organization: 'acme' } })
    expect([sent.status, sent.headers.get('location')]).toEqual([303, '/account/second-factor?required&lang=en'])
    const page = await vera.ask('GET', sent.headers.get('location')!)
    for (const said of ['Your organization asks for a second factor', '/account/passkeys']) expect(page.text).toContain(said)
    await demand(false)
    expect((await managing()).status).toBe(200)
    expect((await tokenIn(vera)).status).toBe(200)
    const actions = inDatabase((db) => db.prepare(`select action from audit where action like 'organization.second%' order by rowid`).all())
    expect(actions.map((row: any) => row.action)).toEqual(['organization.second-factor-required', 'organization.second-factor-not-required'])
  })

  it('gives one in a session that showed a passkey, for as long as there is one', async () => {
    const { vera } = await demanding()
    const { key, id } = await addPasskey(vera)
    expect((await tokenIn(vera)).status).toBe(200)
    const weak = await byPassword(vera.email)
    expect(problem(await tokenIn(weak))).toEqual([403, 'second-factor-required'])
    expect((await weak.ask('GET', '/account/second-factor?required')).text).toContain('sign in again with your passkey')
    const strong = browser()
    const { json } = await strong.ask('POST', '/v1/session/passkey/options')
    await strong.ask('POST', '/v1/session/passkey', { json: { credential: key.get(json) } })
    expect((await tokenIn(strong)).status).toBe(200)
    expect((await strong.ask('DELETE', `/v1/passkeys/${id}`)).status).toBe(200)
    for (const one of [strong, vera]) expect(problem(await tokenIn(one))).toEqual([403, 'second-factor-required'])
  })

  it('gives one in a session that showed the code of an app', async () => {
    const { vera } = await demanding()
    const before = await byPassword(vera.email)
    const { text } = await vera.ask('POST', '/account/second-factor', { form: { password } })
    const [, secret] = /<code>([^<]+)<\/code>/.exec(text)!
    expect(problem(await tokenIn(vera))).toEqual([403, 'second-factor-required'])
    expect((await vera.ask('POST', '/account/second-factor/confirm', { form: { code: codeOf(secret!) } })).status).toBe(303)
    expect((await tokenIn(vera)).status).toBe(200)
    // A session that began before has shown a password alone.
    expect(problem(await tokenIn(before))).toEqual([403, 'second-factor-required'])
    expect((await tokenIn(await byPassword(vera.email, { code: nextCode(secret!) }))).status).toBe(200)
  })

  it('asks nothing for another organization', async () => {
    const { vera } = await demanding()
    await organization('second')
    expect((await tokenIn(vera, 'second')).status).toBe(404)
    const lone = await member((await organization('third')).organizationId, 'viewer', 'Lone')
    expect((await tokenIn(lone, 'third')).status).toBe(200)
  })
})

describe('who has a passkey', () => {
  it('adds no app, and takes none away, by a password alone', async () => {
    const vera = await member((await organization()).organizationId, 'viewer', 'Vera')
    await addPasskey(vera)
    const weak = await byPassword(vera.email)
    const refused = await weak.ask('POST', '/account/second-factor', { form: { password } })
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('this time you used neither')])
    expect((await vera.ask('POST', '/account/second-factor', { form: { password } })).status).toBe(200)
  })
})
