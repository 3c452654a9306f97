import { describe, expect, it } from 'vitest'
import { addApp, addPasskey } from '../../../../test/identity/factors.ts'
import { identityAlone, inDatabase } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, member, organization, password } from '../../../../test/identity/people.ts'

identityAlone()

const path = '/account/organizations/acme/second-factor'
const noticeOf = (text: string) => /role="status">([^<]+)/.exec(text)?.[1]
const send = (who: Browser, done: string) => who.ask('POST', path, { form: { do: done } })
const countOf = async (who: Browser) => /Members without a second factor: [^<]+|Every member has[^<]+/.exec((await who.ask('GET', path)).text)?.[0]
const switches = () => inDatabase((db) => db.prepare(`select action, actor from audit where action like 'organization.second%' order by rowid`).all())

describe('the page on which an organization asks for a second factor', () => {
  it('tells how many members have none: neither a passkey nor an app that is confirmed', async () => {
    const { organizationId } = await organization()
    const olive = await member(organizationId, 'owner', 'Olive')
    expect(await countOf(olive)).toBe('Members without a second factor: 1 of 1.')
    await addPasskey(olive)
    expect(await countOf(olive)).toBe('Every member has a second factor.')
    const [vera, iris, dora] = [await member(organizationId, 'viewer', 'Vera'), await member(organizationId, 'issuer', 'Iris'), await member(organizationId, 'issuer', 'Dora')]
    await member((await organization('other')).organizationId, 'viewer', 'Elsewhere')
    await vera.ask('POST', '/account/second-factor', { form: { password } })
    expect(await countOf(olive)).toBe('Members without a second factor: 3 of 4.')
    await addApp(vera)
    expect(await countOf(olive)).toBe('Members without a second factor: 2 of 4.')
    await olive.ask('POST', '/account/organizations/acme/members', { form: { do: 'disable', member: dora.memberId } })
    expect(await countOf(olive)).toBe('Members without a second factor: 1 of 3.')
    await addPasskey(iris)
    expect(await countOf(olive)).toBe('Every member has a second factor.')
  })

  it('switches it on and off, with the way back; sent again it changes nothing', async () => {
    const { organizationId } = await organization()
    const [olive, vera] = [await member(organizationId, 'owner', 'Olive'), await member(organizationId, 'viewer', 'Vera')]
    await addPasskey(olive)
    const before = (await olive.ask('GET', path)).text
    expect([before.includes('Switched off'), before.includes('You did not sign in with one')]).toEqual([true, false])
    const on = await send(olive, 'require')
    expect([on.status, noticeOf(on.text), on.text.includes('Switched on')]).toEqual([200, 'Members need a second factor from now on.', true])
    expect(on.text).toMatch(/role="status">.*value="release"/s)
    expect((await vera.tokenFor()).status).toBe(403)
    expect((await send(olive, 'require')).status).toBe(200)
    const off = await send(olive, 'release')
    expect([off.status, noticeOf(off.text), off.text.includes('Switched off')]).toEqual([200, 'Members need no second factor any more.', true])
    expect((await vera.tokenFor()).status).toBe(200)
    const actor = `person:${olive.personId}`
    expect(switches()).toEqual([{ action: 'organization.second-factor-required', actor }, { action: 'organization.second-factor-not-required', actor }])
  })

  it('tells who showed none themselves that they are led to it, and leads them', async () => {
    const { organizationId } = await organization()
    const olive = await member(organizationId, 'owner', 'Olive')
    expect((await olive.ask('GET', path)).text).toContain('once it is switched on, you are led to it too')
    const on = await send(olive, 'require')
    expect([on.status, on.text.includes('you are led to it before you come back'), /role="status">[^<]*<form/.test(on.text)]).toEqual([200, true, false])
    expect((await olive.ask('GET', path)).headers.get('location')).toBe('/account/second-factor?required&lang=en')
    await addPasskey(olive)
    expect((await olive.ask('GET', path)).status).toBe(200)
  })

  it('is there for owners and admins alone, and answers only to itself', async () => {
    const { organizationId } = await organization()
    const stranger = await member((await organization('other')).organizationId, 'owner', 'Strange')
    const statuses: unknown[] = []
    for (const [role, name] of [['owner', 'Olive'], ['admin', 'Adam'], ['issuer', 'Iris'], ['reviewer', 'Rex'], ['viewer', 'Vera']] as const) {
      const who = await member(organizationId, role, name)
      statuses.push([(await who.ask('GET', path)).status, (await send(who, 'release')).status])
    }
    expect(statuses).toEqual([[200, 200], [200, 200], [404, 404], [404, 404], [404, 404]])
    expect([(await stranger.ask('GET', path)).status, (await send(stranger, 'require')).status]).toEqual([404, 404])
    expect((await browser().ask('GET', path)).headers.get('location')).toBe('/sign-in?lang=en')
    const adam = await member(organizationId, 'admin', 'Ada')
    expect((await send(adam, 'delete everything')).status).toBe(422)
    expect((await adam.ask('POST', path, { form: { do: 'require' }, headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect(switches()).toEqual([])
  })
})
