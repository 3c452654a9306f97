import { logo } from '../render/own-page.ts'
import { memberOf } from './members.ts'
import { recipientOf } from './recipients.ts'
import { createAccount, createInstallation, type Account, type Installation, type InstallationOptions } from '../installation.ts'

/** What one organization has made: ids that the other must not be able to tell from invented ones. */
export interface Belongings {
  readonly organizationId: string
  readonly credentialId: string
  readonly recipientId: string
  readonly batchId: string
  readonly clientId: string
  readonly apiKeyId: string
  readonly templateId: string
  readonly templateSlug: string
  /** A picture of a template. */
  readonly imageId: string
  readonly memberId: string
  readonly invitationId: string
  readonly erasureRequestId: string
}

export interface TwoOrganizations {
  readonly installation: Installation
  /** It has everything. */
  readonly owner: Account
  readonly belongings: Belongings
  readonly stranger: Account
  /** An access token of the owner, with every scope. */
  accessToken(): Promise<string>
}

/** An installation with an organization that has one of everything, and another that has nothing. */
export async function twoOrganizations(options: InstallationOptions = {}): Promise<TwoOrganizations> {
  const installation = await createInstallation({ ...options, environment: { LOG_LEVEL: 'debug', ...options.environment } })
  await installation.start()
  const owner = await createAccount(installation, 'owner', 'Owner')
  const stranger = await createAccount(installation, 'stranger', 'Stranger')
  return { installation, owner, stranger, belongings: await makeBelongings(installation, owner), accessToken: () => mintToken(installation) }
}

async function mintToken(installation: Installation): Promise<string> {
  const { stdout } = await installation.cli('client', 'create', '--organization', 'owner', '--json')
  const { client_id, client_secret } = JSON.parse(stdout) as { client_id: string, client_secret: string }
  const response = await installation.fetch('/oauth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }).toString(),
  })
  return (await response.json() as { access_token: string }).access_token
}

export const issueRequest = (more: object = {}): object => ({
  recipient: { name: 'Zephyrine Quillfeather', email: 'zephyrine@canary.example' },
  achievement: { name: 'Distributed Systems' },
  ...more,
})

export const template = {
  design: 'certificate-classic',
  description: 'What it is',
  criteria: 'What was done',
  achievementType: 'Certificate',
}

async function makeBelongings(installation: Installation, owner: Account): Promise<Belongings> {
  const send = async (method: string, path: string, body: unknown, type = 'application/json') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await owner.fetch(path, { method, body: text, headers: { 'content-type': type } })
    if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${await response.text()}`)
    return await response.json() as { id: string, client_id: string, api_key: { id: string } }
  }
  const { id: organizationId } = await owner.get<{ id: string }>('/v1/organization')
  const { id: templateId } = await send('PUT', '/v1/templates/secret-template', template)
  const picture = await owner.fetch('/v1/templates/images', { method: 'POST', body: new Uint8Array(logo(40)), headers: { 'content-type': 'image/png' } })
  const { id: imageId } = await picture.json() as { id: string }
  const { id: credentialId } = await send('POST', '/v1/credentials', issueRequest())
  const { id: batchId } = await send('POST', '/v1/batches?achievement=Networks', 'name,email\nA,a@canary.example\nB\n', 'text/csv')
  const { client_id: clientId } = await send('POST', '/v1/clients', { name: 'One', scopes: ['credentials:read'] })
  const { api_key: { id: apiKeyId } } = await send('POST', '/v1/api-keys', { name: 'One', scopes: ['credentials:read'] })
  const { memberId } = await memberOf(installation, 'owner', 'owner', 'first')
  const { id: invitationId } = await send('POST', '/v1/invitations', { email: 'invited@canary.example', role: 'viewer' })
  await quiet(owner)
  const { recipient } = await owner.get<{ recipient: { id: string } }>(`/v1/credentials/${credentialId}`)
  await (await recipientOf(installation, 'owner', 'zephyrine@canary.example')).post('erasure')
  const { requests } = await owner.get<{ requests: { id: string }[] }>('/v1/erasure-requests')
  return { erasureRequestId: requests[0]!.id, organizationId, credentialId, recipientId: recipient.id, batchId, clientId, apiKeyId, templateId, templateSlug: 'secret-template', imageId, memberId, invitationId }
}

/** Waits until everything that the organization asked for was issued and mailed. */
export async function quiet(account: Account): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const { credentials } = await account.get<{ credentials: { state: string }[] }>('/v1/credentials')
    const { messages } = await account.get<{ messages: { state: string }[] }>('/v1/messages')
    const { batches } = await account.get<{ batches: { state: string }[] }>('/v1/batches')
    const open = [...credentials, ...batches, ...messages].filter(({ state }) => !['issued', 'finished', 'sent'].includes(state))
    if (open.length === 0 && messages.length === credentials.length) return
  }
  throw new Error('What was asked for is not finished within 20 s')
}
