import { describe, expect, test } from 'vitest'
import { OrganizationId } from '#platform/organization-id.ts'
import { issuedData } from '../../../../test/verification/verification-alone.ts'
import { claimsOf } from '../credential/claims.ts'
import type { CredentialDescription } from '../credential/describe.ts'
import { credentialPage } from './credential-page.ts'
import { linkedInUrl } from './share.ts'

const anchorOn = (chainId: number): CredentialDescription['anchor'] => ({
  state: 'final', size: 8, root: 'cm9vdA==', inclusionProof: [], chainId, contractAddress: '0xc0', sender: '0x5e', transactionHash: '0x7a', blockNumber: 12,
  finalAt: new Date('2026-07-02T00:00:00Z'),
})

/** What is told of a valid credential; `validUntil` stands in the document. */
async function described(over: Partial<CredentialDescription> = {}, names: { recipientName?: string; achievementName?: string; issuerName?: string } = {}, validUntil?: string) {
  const data = await issuedData({ publicId: 'pAbc123', ...names })
  const credential = { ...JSON.parse(data.document), ...(validUntil && { validUntil }) }
  const issuedAt = new Date('2026-06-30T23:30:00Z')
  const html = 'https://vellum.example/v/pAbc123'
  const description: CredentialDescription = {
    publicId: data.publicId,
    row: {
      id: data.credentialId, organizationId: OrganizationId.parse('acme'), recipientId: data.recipientId, publicId: data.publicId, documentId: data.documentId,
      achievementId: null, content: new Uint8Array(0), status: 'active', statusChangedAt: null, issuedAt, erasedAt: null,
    },
    content: data, credential, claims: claimsOf(credential), issuer: { slug: 'acme' },
    status: { value: 'active', changedAt: undefined, asOf: undefined },
    signature: { verified: true, errors: [] },
    log: null, anchor: null, anchoring: true,
    links: { html, json: `${html}/credential.json`, pdf: `${html}/certificate.pdf`, preview: `${html}/preview.png`, badgePng: `${html}/badge.png`, badgeSvg: `${html}/badge.svg`, credential: 'https://vellum.example/credentials/1' },
  }
  return { ...description, ...over }
}

const meta = (page: string, name: string) => new RegExp(`<meta (?:name|property)="${name}" content="([^"]*)"`).exec(page)?.[1]

describe('the page of a credential', () => {
  test('fills in LinkedIn’s form, with months from one and the years of UTC', async () => {
    const url = new URL(linkedInUrl(await described({}, { achievementName: 'C++ & Rust', issuerName: 'Acme\u202e Academy' }, '2028-01-01T00:00:00Z')))
    expect(url.origin + url.pathname).toBe('https://www.linkedin.com/profile/add')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      startTask: 'CERTIFICATION_NAME', name: 'C++ & Rust', organizationName: 'Acme Academy', issueYear: '2026', issueMonth: '6',
      expirationYear: '2028', expirationMonth: '1', certUrl: 'https://vellum.example/v/pAbc123', certId: 'pAbc123',
    })
    expect(url.search).not.toContain('+')
  })

  test('shows the same fields as text, and has a mail ready', async () => {
    const page = credentialPage(await described(), { language: 'en' })
    const fields = /<dl class="fields">([\s\S]*?)<\/dl>/.exec(page)![1]!.replaceAll(/<[^>]+>/g, '|')
    for (const value of ['Distributed Systems', 'Acme Academy', 'June 2026', 'pAbc123', 'https://vellum.example/v/pAbc123']) expect(fields).toContain(`|${value}|`)
    const mail = new URL(/href="(mailto:[^"]+)"/.exec(page)![1]!.replaceAll('&amp;', '&'))
    expect(mail.searchParams.get('subject')).toBe('Distributed Systems: credential of Ada Lovelace')
    expect(mail.searchParams.get('body')).toContain('https://vellum.example/v/pAbc123')
  })

  test('tells a messenger what it is, and search engines to leave it', async () => {
    const page = credentialPage(await described({}, { recipientName: '"><script>x</script>' }), { language: 'ar' })
    expect(meta(page, 'robots')).toBe('noindex, noarchive')
    expect(meta(page, 'og:title')).toBe('Distributed Systems · &quot;&gt;&lt;script&gt;x&lt;/script&gt;')
    expect(meta(page, 'og:url')).toBe('https://vellum.example/v/pAbc123')
    expect(meta(page, 'og:locale')).toBe('ar_AR')
    expect(meta(page, 'og:description')).toContain('Acme Academy')
    expect(meta(page, 'og:image')).toBe('https://vellum.example/v/pAbc123/preview.png')
    expect(meta(page, 'og:image:alt')).toContain('Distributed Systems')
    expect(meta(page, 'twitter:card')).toBe('summary_large_image')
    expect(page).toContain('<link rel="canonical" href="https://vellum.example/v/pAbc123">')
    expect(page).not.toContain('<script')
  })

  test.each([
    ['revoked', { status: { value: 'revoked', changedAt: undefined, asOf: undefined } }],
    ['suspended', { status: { value: 'suspended', changedAt: undefined, asOf: undefined } }],
    ['superseded', { status: { value: 'superseded', changedAt: undefined, asOf: undefined } }],
    ['invalid', { signature: { verified: false, errors: [{ code: 'invalid_signature', message: '' }] } }],
  ] as const)('helps nobody to spread what is %s', async (_, over) => {
    const page = credentialPage(await described(over as Partial<CredentialDescription>), { language: 'en' })
    expect(page).not.toMatch(/linkedin|mailto:/)
    expect(meta(page, 'og:image')).toBe(undefined)
    expect(meta(page, 'og:description')).toMatch(/revoked|suspended|newer version|cannot be trusted/)
  })

  test('links to its issuer in the language that was asked for; without identity, to nobody', async () => {
    expect(credentialPage(await described(), { language: 'ar', asked: 'ar' })).toContain('href="/issuers/acme?lang=ar"')
    expect(credentialPage(await described(), { language: 'ar' })).toContain('href="/issuers/acme"')
    expect(credentialPage(await described({ issuer: undefined }), { language: 'en' })).not.toContain('/issuers/')
  })

  test.each([
    [1, 'yes', /Nobody, not even the issuer, can take that back/, 'https://etherscan.io/tx/0x7a'],
    [11155111, 'soon', /a network for tests/, 'https://sepolia.etherscan.io/tx/0x7a'],
    [31337, 'soon', /a chain for development.+proves nothing yet/, undefined],
    [1337, 'soon', /a chain for development/, undefined],
    [424242, 'yes', /stands as firmly as that chain does/, undefined],
  ] as const)('says of an anchor on chain %i no more than it is worth', async (chainId, outcome, words, explorer) => {
    const page = credentialPage(await described({ anchor: anchorOn(chainId) }), { language: 'en' })
    const [, proof] = new RegExp(`<li class="${outcome}">((?:(?!<li)[\\s\\S])*Blockchain[\\s\\S]*?)</li>`).exec(page) ?? []
    expect(proof).toMatch(words)
    if (explorer === undefined) expect(proof).not.toContain('href')
    else expect(proof).toContain(`href="${explorer}"`)
  })

  test('names the kind of achievement, where it is one of Open Badges', async () => {
    expect(credentialPage(await described(), { language: 'en' })).toContain('<p class="kind">Course</p>')
    const other = await described()
    const claims = { ...other.claims, achievement: { ...other.claims.achievement, type: 'ext:Thing' } }
    expect(credentialPage({ ...other, claims }, { language: 'en' })).not.toContain('class="kind"')
  })
})
