import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { credentialIssued, credentialRevoked } from '#modules/issuance/index.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acmeAcademy, issuedData, publicUrl, startVerification, type Verification } from '../../../../test/verification/verification-alone.ts'

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const achievement = (n: number) => `urn:uuid:0190a000-0000-7000-8000-${String(n).padStart(12, '0')}`

describe.each(testDialects)('the address of an issuer on %s', (_, open) => {
  let verification: Verification
  beforeEach(async () => {
    verification = await startVerification({ open })
  })
  afterEach(() => verification.stop())

  const json = async (path: string) => (await verification.get(path)).json()
  const page = async (path: string, headers: Record<string, string> = {}) => (await verification.get(path, { ...browser, ...headers })).text()
  async function issue(times: number, achievementId: string, achievementName: string) {
    const all = []
    for (let i = 0; i < times; i++) {
      const data = await issuedData({ achievementName, recipientName: `Person ${i}`, achievement: { id: achievementId } })
      await verification.deliver(credentialIssued, data)
      all.push(data)
    }
    return all
  }

  test('tells a program who it is, since when, and what it has awarded to so many that none can be made out', async () => {
    verification.fake.didDocuments.set('acme', JSON.stringify({ id: 'did:web:vellum.example:organizations:acme' }))
    await issue(5, achievement(1), 'Logic')
    const few = await issue(4, achievement(2), 'The private lesson of Ada Lovelace')
    expect(await json('/issuers/acme')).toEqual({
      issuer: {
        id: 'did:web:vellum.example:organizations:acme', slug: 'acme', name: 'Acme Academy', url: 'https://acme.example',
        contactEmail: 'registrar@acme.example', issuingSince: '2026-03-01T09:00:00.000Z',
      },
      credentials: 9,
      achievements: [{ id: achievement(1), name: 'Logic', credentials: 5 }],
      next: null,
      links: { html: `${publicUrl}/issuers/acme`, didDocument: `${publicUrl}/organizations/acme/did.json` },
    })
    const shown = await page('/issuers/acme')
    for (const part of ['Acme Academy', 'https://acme.example', 'registrar@acme.example', 'March 1, 2026', 'did:web:vellum.example', 'Logic', '5 credentials'])
      expect(shown).toContain(part)
    expect(shown).not.toMatch(/private lesson|Person \d/)
    expect(few).toHaveLength(4)
  })

  test('counts neither what was revoked nor what was replaced', async () => {
    const [first, second] = await issue(7, achievement(1), 'Logic')
    const { credentialId, publicId, recipientId } = first!
    await verification.deliver(credentialRevoked, { credentialId, publicId, recipientId, at: '2026-10-02T08:00:00.000Z' } as never)
    await verification.deliver(credentialIssued, await issuedData({ publicId: second!.publicId, recipientId: second!.recipientId, achievement: { id: achievement(1) } }))
    expect(await json('/issuers/acme')).toMatchObject({ credentials: 6, achievements: [{ credentials: 6 }] })
  })

  test('lists many achievements a page at a time, newest first, and links keep the language', async () => {
    // Rows as the projection leaves them: signing 255 badges would tell nothing more.
    await issue(1, achievement(0), 'The first')
    const { database } = verification
    const { achievements, credentials } = database.tables
    const [like] = await database.read.select().from(credentials)
    await database.transaction(async (tx) => {
      for (let n = 1; n <= 51; n++) {
        await tx.insert(achievements).values({ organizationId: 'acme', id: achievement(n), name: `Course ${n}` })
        await tx.insert(credentials).values(Array.from({ length: 5 }, (_, i) => ({ ...like!, id: `${n}-${i}`, publicId: `${n}-${i}`, documentId: `${n}-${i}`, achievementId: achievement(n) })))
      }
    })
    const first = await json('/issuers/acme')
    expect(first.achievements.map(({ name }: { name: string }) => name)).toEqual(Array.from({ length: 50 }, (_, i) => `Course ${51 - i}`))
    const rest = await json(`/issuers/acme?after=${encodeURIComponent(first.next)}`)
    expect(rest).toMatchObject({ achievements: [{ name: 'Course 1', credentials: 5 }], next: null })
    const [, older] = /href="([^"]+after=[^"]+)">Earlier ones/.exec(await page('/issuers/acme?lang=en'))!
    const last = await page(older!.replaceAll('&amp;', '&'), { 'accept-language': 'ar' })
    expect(last).toContain('Course 1<')
    expect(last).toContain('<html lang="en"')
    expect(last).toMatch(/<meta name="robots" content="noindex">/)
    const [, other] = /<a href="([^"]+)" hreflang="ar"/.exec(last)!
    expect(new URLSearchParams(other!.replaceAll('&amp;', '&').slice(1)).get('after')).toBe(first.next)
  })

  test('shows what it can while issuance is away, and says when to come again while identity is', async () => {
    await issue(5, achievement(1), 'Logic')
    verification.fake.away = true
    expect(await json('/issuers/acme')).toMatchObject({ issuer: { id: null }, achievements: [{ name: 'Logic' }] })
    expect(await page('/issuers/acme')).toContain('does not answer at the moment')
    await verification.restart()
    verification.fake.identityAway = true
    const later = await verification.get('/issuers/acme', browser)
    expect(later.status).toBe(503)
    expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await verification.get('/issuers/acme')).status).toBe(503)
  })

  test('of one that has issued nothing says so, and is kept from search engines', async () => {
    const { frozenAt: _, url: __, contactEmail: ___, ...bare } = acmeAcademy()
    verification.fake.organizations.splice(0, 1, { ...bare, name: '<b>New</b>', defaultLocale: 'ar' })
    const shown = await page('/issuers/acme')
    expect(shown).toContain('dir="rtl"')
    expect(shown).toContain('لا شهادات بعد')
    expect(shown).toContain('&lt;b&gt;New&lt;/b&gt;')
    expect(shown).not.toContain('<b>New')
    expect(shown).toContain('content="noindex"')
    expect(await json('/issuers/acme')).toMatchObject({ issuer: { id: null, url: null, issuingSince: null }, credentials: 0, achievements: [] })
  })

  test('is a sentence where there is nobody: a page for people, a problem for programs', async () => {
    for (const slug of ['unknown', 'No%20Slug', '%3Cscript%3E']) {
      const missing = await verification.get(`/issuers/${slug}`, browser)
      expect(missing.status).toBe(404)
      expect(await missing.text()).toContain('There is no such issuer here')
      expect(await json(`/issuers/${slug}`)).toMatchObject({ type: 'urn:vellum:problem:not-found' })
    }
  })
})
