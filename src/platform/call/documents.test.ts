import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Blobs } from '../blobs/blobs.ts'
import { withContext } from '../context.ts'
import { type Listener, listen } from '../http/listener.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import { createDocuments, createOpenDocument, mountDocuments } from './documents.ts'
import { createServiceTokens } from './service-token.ts'
import { directTransport, httpTransport, type Transport } from './transport.ts'

const secret = new Uint8Array(32).fill(3)
const tokens = createServiceTokens(secret)
const organizationId = OrganizationId.parse('org-1')
const content = new Uint8Array(300_000).map((_, index) => index % 251)

/** The smallest store that keeps the promise of the interface: one organization's blob is nobody else's. */
const stored: Blobs = {
  put: async () => {},
  names: async () => [],
  delete: async () => {},
  get: async (name, organization) => {
    if (name !== 'credentials/1.pdf' || organization !== organizationId) throw new Problem('not-found', 'Nothing here.')
    return content
  },
}

let clock = Date.now()
const options = { module: 'issuance', secret, now: () => new Date(clock) }
const documents = createDocuments(options)
const app = new Hono()
mountDocuments(app, { ...options, blobs: stored, tokens })

let listener: Listener
beforeAll(async () => {
  listener = await listen({ fetch: app.fetch, at: { port: 0, host: '127.0.0.1' } })
})
afterAll(() => listener.close(0))

const pdf = { blob: 'credentials/1.pdf', organizationId, mediaType: 'application/pdf', fileName: 'certificate.pdf' }
const ways: [string, () => Transport][] = [
  ['in process', () => directTransport(app)],
  ['over HTTP', () => httpTransport(listener.url)],
]

describe.each(ways)('a document opened %s', (_, transport) => {
  const open = createOpenDocument(() => transport(), { module: 'notification', tokens })

  it('is the blob, byte for byte', async () => {
    const link = documents.link(pdf)
    expect(link).toMatchObject({ module: 'issuance', mediaType: 'application/pdf', fileName: 'certificate.pdf' })
    expect(link.path).toMatch(/^\/internal\/issuance\/documents\//)
    expect(new Uint8Array(await new Response(await open(link)).arrayBuffer())).toEqual(content)
  })

  it('is gone after a minute', async () => {
    const link = documents.link(pdf)
    clock += 961_000
    await expect(open(link)).rejects.toMatchObject({ code: 'gone' })
  })

  it('opens for nobody who changed the link, or holds no service token', async () => {
    // From a blob that there is not to one that there is: only the signature stands between.
    const link = documents.link({ ...pdf, blob: 'credentials/9.pdf' })
    const [, , , , token = ''] = link.path.split('/')
    const [ticket = '', signature] = token.split('.')
    const other =
      Buffer.from(Buffer.from(ticket, 'base64url').toString().replace('9.pdf', '1.pdf')).toString('base64url')
    const changed = { ...link, path: link.path.replace(token, `${other}.${signature}`) }
    await expect(open(changed)).rejects.toMatchObject({ code: 'not-found' })
    await expect(open({ ...link, path: '/internal/issuance/documents/../credential' })).rejects.toMatchObject({
      code: 'bad-request',
    })
    const anonymous =
      createOpenDocument(() => transport(), { module: 'x', tokens: { ...tokens, mint: async () => '' } })
    await expect(anonymous(link)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('passes on what the store says', async () => {
    await expect(open(documents.link({ ...pdf, blob: 'credentials/9.pdf' }))).rejects.toMatchObject({
      code: 'not-found',
    })
    const foreign = documents.link({ ...pdf, organizationId: OrganizationId.parse('org-2') })
    await expect(open(foreign)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('is not opened inside a transaction', async () => {
    await expect(withContext({ transaction: true }, () => open(documents.link(pdf)))).rejects.toThrow('transaction')
  })
})
