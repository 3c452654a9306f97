import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { credentialIssued, credentialRevoked, credentialSuspended, credentialReinstated } from '#modules/issuance/index.ts'
import { recipientErased } from '#modules/identity/index.ts'
import { acme, issuedData, publicUrl, startVerification, type IssuedData, type Verification } from '../../../../test/verification/verification-alone.ts'

let verification: Verification
let data: IssuedData
beforeEach(async () => {
  verification = await startVerification()
  data = await issuedData()
  await verification.deliver(credentialIssued, data)
})
afterEach(() => verification.stop())

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const json = async (path: string) => (await verification.get(path)).json()
const page = async (path: string, headers: Record<string, string> = {}) => (await verification.get(path, { ...browser, ...headers })).text()

describe('the address of a credential', () => {
  test('answers a program with the credential, its status, its checks and its links', async () => {
    const answer = await json(`/v/${data.publicId}`)
    expect(answer.credential).toEqual(JSON.parse(data.document))
    expect(answer).toMatchObject({
      status: 'active',
      checks: { signature: { verified: true, errors: [] } },
      links: { html: `${publicUrl}/v/${data.publicId}`, credential: `${publicUrl}/credentials/${data.documentId}` },
    })
  })

  test('answers a browser with a page, whose words say who got what from whom', async () => {
    const response = await verification.get(`/v/${data.publicId}`, browser)
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('content-security-policy')).not.toContain('unsafe')
    const text = await response.text()
    for (const part of ['This credential is valid', 'Ada Lovelace', 'Distributed Systems', 'Acme Academy']) expect(text).toContain(part)
    expect(text).not.toMatch(/<script|style=|\son\w+=/)
    const [, css] = /<link rel="stylesheet" href="([^"]+)"/.exec(text)!
    expect((await verification.get(css!)).headers.get('content-type')).toContain('text/css')
  })

  test('speaks the language that is asked for, then the browser’s, then the credential’s', async () => {
    expect(await page(`/v/${data.publicId}?lang=ar`, { 'accept-language': 'en' })).toContain('<html lang="ar" dir="rtl">')
    expect(await page(`/v/${data.publicId}`, { 'accept-language': 'fr, ar;q=0.8, en;q=0.2' })).toContain('dir="rtl"')
    const arabic = await issuedData({ locale: 'ar-SA' })
    await verification.deliver(credentialIssued, arabic)
    expect(await page(`/v/${arabic.publicId}`)).toContain('dir="rtl"')
  })

  test('shows names as text, whatever they hold', async () => {
    const nasty = await issuedData({ recipientName: '<img src=x onerror=alert(1)>\u202e"\'&', achievementName: '</title><script>x</script>' })
    await verification.deliver(credentialIssued, nasty)
    const text = await page(`/v/${nasty.publicId}`)
    expect(text).not.toMatch(/<img (?!class="badge" src="\/v\/)|<script|\u202e/)
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;')
  })

  test('serves the signed credential byte for byte, in the media type that is asked for', async () => {
    for (const accept of ['*/*', 'application/vc', 'application/vc+ld+json', 'application/json']) {
      const response = await verification.get(`/credentials/${data.documentId}`, { accept })
      expect(response.headers.get('content-type')).toBe(accept === '*/*' ? 'application/vc+ld+json' : accept)
      expect(await response.text()).toBe(data.document)
    }
    expect(await (await verification.get(`/v/${data.publicId}`, { accept: 'application/vc' })).text()).toBe(data.document)
    const download = await verification.get(`/v/${data.publicId}/credential.json`)
    expect(download.headers.get('content-disposition')).toContain('attachment')
    expect(await download.text()).toBe(data.document)
  })

  test('shows the newest version; each version keeps its own address', async () => {
    const later = new Date(Date.parse(data.issuedAt) + 60_000).toISOString()
    const next = await issuedData({ publicId: data.publicId, recipientId: data.recipientId, issuedAt: later, recipientName: 'Ada King' })
    await verification.deliver(credentialIssued, next)
    expect((await json(`/v/${data.publicId}`)).credential).toEqual(JSON.parse(next.document))
    expect(await (await verification.get(`/credentials/${data.documentId}`)).text()).toBe(data.document)
    const { credentials } = verification.database.tables
    const rows = await verification.database.read.select({ id: credentials.id, status: credentials.status, at: credentials.statusChangedAt }).from(credentials)
    expect(rows).toContainEqual({ id: data.credentialId, status: 'superseded', at: new Date(later) })
    expect(rows).toContainEqual({ id: next.credentialId, status: 'active', at: null })
  })

  test('says at once that a credential was revoked, and keeps saying it when issuance is away', async () => {
    const at = '2026-10-02T08:00:00.000Z'
    verification.fake.status.set(data.credentialId, { status: 'revoked', changedAt: at })
    expect((await json(`/v/${data.publicId}`)).status).toBe('revoked')
    expect(await page(`/v/${data.publicId}`)).toContain('This credential was revoked')
    verification.fake.away = true
    expect(await json(`/v/${data.publicId}`)).toMatchObject({ status: 'active', statusAsOf: expect.any(String) })
    const { credentialId, publicId, recipientId } = data
    await verification.deliver(credentialSuspended, { credentialId, publicId, recipientId, at } as never)
    expect((await json(`/v/${data.publicId}`)).status).toBe('suspended')
    await verification.deliver(credentialReinstated, { credentialId, publicId, recipientId, at } as never)
    expect((await json(`/v/${data.publicId}`)).status).toBe('active')
    await verification.deliver(credentialRevoked, { credentialId, publicId, recipientId, at } as never)
    await verification.deliver(credentialReinstated, { credentialId, publicId, recipientId, at } as never)
    expect(await json(`/v/${data.publicId}`)).toMatchObject({ status: 'revoked', statusAsOf: at })
  })

  test('does not vouch for a document that was changed in the database or under way', async () => {
    const forged = await issuedData({ document: data.document.replace('Ada Lovelace', 'Eve Mallory') })
    await verification.deliver(credentialIssued, forged)
    const answer = await json(`/v/${forged.publicId}`)
    expect(answer.checks.signature).toMatchObject({ verified: false, errors: [{ code: 'invalid_signature' }] })
    expect(await page(`/v/${forged.publicId}`)).toContain('cannot be trusted')
  })

  test('hands out the printed certificate, and says when to come again while issuance is away', async () => {
    const pdf = await verification.get(`/v/${data.publicId}/certificate.pdf`)
    expect(pdf.headers.get('content-type')).toBe('application/pdf')
    expect(await pdf.text()).toBe('%PDF-1.7')
    verification.fake.away = true
    const later = await verification.get(`/v/${data.publicId}/certificate.pdf`)
    expect(later.status).toBe(503)
    expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(0)
    const person = await verification.get(`/v/${data.publicId}/certificate.pdf`, browser)
    expect(person.status).toBe(503)
    expect(Number(person.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await person.text()).toContain('Try again in a minute')
  })

  test('hands out the pictures, each to be nothing but a picture, and says when to come again while issuance is away', async () => {
    for (const [name, type, disposition] of [
      ['preview.png', 'image/png', 'inline'], ['badge.png', 'image/png', 'attachment'], ['badge.svg', 'image/svg+xml', 'attachment'],
    ] as const) {
      verification.fake.away = false
      const picture = await verification.get(`/v/${data.publicId}/${name}`)
      expect(picture.status, name).toBe(200)
      expect(picture.headers.get('content-type')).toBe(type)
      expect(picture.headers.get('content-disposition')).toMatch(new RegExp(`^${disposition}; filename="[\\w-]+-${data.publicId}\\.`))
      expect(picture.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
      expect(picture.headers.get('x-content-type-options')).toBe('nosniff')
      expect(picture.headers.get('x-robots-tag')).toContain('noindex')
      expect(picture.headers.get('cache-control')).toContain('private')
      verification.fake.away = true
      const later = await verification.get(`/v/${data.publicId}/${name}`)
      expect(later.status, name).toBe(503)
      expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await later.json()).toMatchObject({ type: 'urn:vellum:problem:unavailable' })
    }
    verification.fake.away = false
    expect((await verification.get(`/v/${data.publicId}/badge.svg`)).headers.get('content-security-policy')).toMatch(/sandbox$/)
    expect((await verification.get('/v/unknown/badge.svg')).status).toBe(404)
  })

  test('is a sentence where there is nothing: a page for people, a problem for programs', async () => {
    const missing = await verification.get('/v/unknown', browser)
    expect(missing.status).toBe(404)
    expect(await missing.text()).toContain('There is no credential here')
    expect(await json('/v/unknown')).toMatchObject({ type: 'urn:vellum:problem:not-found' })
    expect((await verification.get('/credentials/unknown')).status).toBe(404)
  })
})

describe('an erased person', () => {
  test('leaves a 410, a leaf that says nothing, and no word in the database', async () => {
    await verification.get(`/v/${data.publicId}`)
    verification.keys.erase(data.recipientId)
    expect((await verification.get(`/v/${data.publicId}`)).status).toBe(410)
    await verification.deliver(recipientErased, { recipientId: data.recipientId })
    const files = ['', '/credential.json', '/certificate.pdf', '/preview.png', '/badge.png', '/badge.svg'].map((file) => `/v/${data.publicId}${file}`)
    for (const path of [...files, `/credentials/${data.documentId}`]) expect((await verification.get(path)).status, path).toBe(410)
    const person = await verification.get(`/v/${data.publicId}`, browser)
    expect(person.status).toBe(410)
    expect(await person.text()).toContain('erased')
    // The event comes again after the erasure: nothing to read in it any more, and the leaf stands.
    await verification.deliver(credentialIssued, data)
    const { database } = verification
    expect(await database.read.$count(database.tables.leaves)).toBe(1)
    const [row] = await database.read.select().from(database.tables.credentials)
    expect(row).toMatchObject({ organizationId: acme, content: new Uint8Array(0) })
  })
})

test('looking at a page writes nothing', async () => {
  await new Promise((resolve) => setTimeout(resolve, 200))
  let writes = 0
  const { database } = verification
  const changes = async () => JSON.stringify(await Promise.all(Object.values(database.tables).map((table) => database.read.$count(table as never))))
  const before = await changes()
  database.onCommit(() => writes++)
  for (const path of [`/v/${data.publicId}`, `/credentials/${data.documentId}`, '/log/checkpoint', '/log/key']) await verification.get(path)
  await page(`/v/${data.publicId}`)
  expect(await changes()).toBe(before)
  expect(writes).toBe(0)
})
