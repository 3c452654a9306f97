import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { platformContract } from '#platform/platform-operations.ts'
import { identity, mailRequested, recipientErased } from '#modules/identity/index.ts'
import { credentialIssued, credentialRevoked, issuance } from '#modules/issuance/index.ts'
import { notification } from '#modules/notification/index.ts'
import { verification } from '#modules/verification/index.ts'
import { modules } from '../../src/modules.ts'
import { acme, type Alone, fakeIdentity, fakeModule, publicUrl, startAlone } from '../fixtures/module-alone.ts'
import { issuedData } from '../verification/verification-alone.ts'

const patience = { timeout: 60_000, interval: 50 }
const limitMs = 150_000
const pdf = Buffer.from('%PDF-1.7 made up\n')

/** What each module shows of itself when all that it uses is made up. Every entry of the registry needs one. */
const checks: Record<string, (start: typeof startAlone) => Promise<void>> = {
  async identity(start) {
    const alone = await start('identity', [])
    const clients = alone.client(identity)
    const { id: organizationId } = await clients.createOrganization({ slug: 'acme', name: 'Acme Academy' })
    const made = await clients.createClient({ organizationId, requestId: 'first', name: 'Test', scopes: ['organization:read'] })
    const form = { grant_type: 'client_credentials', client_id: made.clientId!, client_secret: made.clientSecret! }
    const { json } = await alone.ask('POST', '/oauth/token', { form })
    expect((await alone.ask('GET', '/v1/organization', { token: json.access_token })).json).toMatchObject({ slug: 'acme' })
    const { keys } = await clients.dataKeys({ subjects: [organizationId, 'nobody'] })
    expect(keys.map(({ subject }) => subject)).toEqual([organizationId])
  },

  async issuance(start) {
    const owner = await fakeIdentity([recipientErased])
    const alone = await start('issuance', [owner])
    const token = await owner.token('credentials:read', 'credentials:write')
    const order = { recipient: { name: 'Ada Lovelace', email: 'ada@example.org' }, achievement: { name: 'Engines' } }
    const accepted = await alone.ask('POST', '/v1/credentials', { token, json: order })
    expect(accepted.status).toBe(202)
    const { id } = accepted.json
    const current = async () => (await alone.ask('GET', `/v1/credentials/${id}`, { token })).json
    await vi.waitFor(async () => expect(await current()).toMatchObject({ state: 'issued' }), patience)
    expect((await alone.ask('GET', `/v1/credentials/${id}/certificate.pdf`, { token })).bytes.subarray(0, 5).toString()).toBe('%PDF-')
    const { events } = await alone.client(platformContract('issuance')).storedEventPage({ family: 'credential', limit: 10 })
    expect(events.map(({ name }) => name)).toEqual(['credential.issued'])
    await owner.publish(recipientErased, { recipientId: (await current()).recipient.id })
    await vi.waitFor(async () => expect((await alone.ask('GET', '/v1/credentials?q=Lovelace', { token })).json.credentials).toEqual([]), patience)
    expect(await alone.client(issuance).credentialStatus({ credentialId: id })).toMatchObject({ status: 'active' })
  },

  async verification(start) {
    const issuer = fakeModule(issuance, {
      publishes: [credentialIssued, credentialRevoked],
      handlers: () => ({ credentialStatus: async () => ({ status: 'active' as const }) }),
    })
    const alone = await start('verification', [await fakeIdentity([recipientErased]), issuer])
    const data = await issuedData({ recipientId: 'recipient-1' })
    await issuer.publish(credentialIssued, data)
    const shown = async () => alone.ask('GET', `/v/${data.publicId}`)
    await vi.waitFor(async () => expect((await shown()).json?.log?.checkpoint).toContain('/log\n1\n'), patience)
    expect((await shown()).json).toMatchObject({ status: 'active', checks: { signature: { verified: true } } })
    expect((await alone.client(verification).logState({})).size).toBe(1)
    const forged = { ...JSON.parse(data.document), name: 'Another' }
    expect((await alone.ask('POST', '/v1/verify', { json: { credential: forged } })).json.verified).toBe(false)
  },

  async notification(start) {
    const issuer = fakeModule(issuance, {
      publishes: [credentialIssued],
      handlers: ({ documents }) => ({
        certificate: async () =>
          documents.link({ blob: 'made-up', organizationId: acme, mediaType: 'application/pdf', fileName: 'certificate.pdf' }),
      }),
    })
    const owner = await fakeIdentity([recipientErased, mailRequested])
    const alone = await start('notification', [owner, issuer])
    await issuer.context().blobs.put('made-up', acme, acme, pdf)
    const data = await issuedData({ recipientId: 'recipient-1', recipientEmail: 'ada@example.org' })
    await issuer.publish(credentialIssued, data)
    const token = await owner.token('notifications:read')
    const listed = async () => (await alone.ask('GET', `/v1/messages?credential=${data.credentialId}`, { token })).json.messages
    await vi.waitFor(async () => expect(await listed()).toMatchObject([{ state: 'sent', channel: 'email' }]), patience)
    const [file] = readdirSync(join(alone.directory, 'mail'))
    const mail = await simpleParser(readFileSync(join(alone.directory, 'mail', file!)))
    expect([mail.to].flat().map((to) => to?.text)).toEqual([expect.stringContaining('ada@example.org')])
    expect(mail.attachments.map(({ content }) => content)).toEqual([pdf])
    for (const text of [mail.text, mail.html]) expect(text).toContain(`${publicUrl}/v/${data.publicId}`)
    const { messages } = await alone.client(notification).messages({ credentialId: data.credentialId })
    expect(messages).toHaveLength(1)
  },
}

describe('each module boots alone on SQLite, with only what it uses made up', () => {
  let started: Alone[]
  beforeEach(() => {
    started = []
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  })
  afterEach(async () => {
    for (const alone of started) await alone.stop()
    vi.restoreAllMocks()
  })

  it('and there is a check for every one', () => {
    expect(Object.keys(checks).sort()).toEqual(Object.keys(modules).sort())
  })

  it.each(Object.entries(checks))('%s', async (_, check) => {
    await check(async (name, fakes) => {
      const alone = await startAlone(name, fakes)
      started.push(alone)
      return alone
    })
  }, limitMs)
})
