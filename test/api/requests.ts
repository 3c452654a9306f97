import { uuidv7 } from 'uuidv7'
import type { ApiOperation } from './document.ts'
import { type Belongings, issueRequest, template } from './two-organizations.ts'

/** What to send so that nothing but the token or the id can be at fault. */
export const bodies: Readonly<Record<string, unknown>> = {
  'PATCH /v1/organization': {},
  'PUT /v1/organization/sign-in': { issuer: 'https://login.example', clientId: 'x', clientSecret: 'x' },
  'POST /v1/organization/sign-in/check': { issuer: 'https://login.example', clientId: 'x' },
  'POST /v1/clients': { name: 'x', scopes: ['credentials:read'] },
  'POST /v1/api-keys': { name: 'x', scopes: ['credentials:read'] },
  'POST /v1/credentials': issueRequest(),
  'POST /v1/credentials/{id}/revoke': { reason: 'because' },
  'POST /v1/credentials/{id}/suspend': {},
  'POST /v1/credentials/{id}/reinstate': {},
  'POST /v1/batches': 'name,email,achievement\nC,c@canary.example,X\n',
  'PUT /v1/templates/{slug}': template,
  'POST /v1/templates/{slug}/duplicate': { slug: 'a-copy' },
  'POST /v1/templates/{slug}/preview': {},
  'POST /v1/templates/preview': { content: template },
  'POST /v1/templates/images': 'no picture',
  'PATCH /v1/members/{id}': {},
  'POST /v1/erasure-requests/{id}/refuse': { reason: 'because' },
  'POST /v1/invitations': { email: 'x@canary.example', role: 'viewer' },
}

/** Whose ids stand in which path, and what nobody has. */
export function idsOf(path: string, own: Belongings): { foreign: string[]; unknown: string } {
  if (path.startsWith('/v1/credentials/')) return { foreign: [own.credentialId], unknown: uuidv7() }
  if (path.startsWith('/v1/batches/')) return { foreign: [own.batchId], unknown: uuidv7() }
  if (path.startsWith('/v1/clients/')) return { foreign: [own.clientId], unknown: uuidv7() }
  if (path.startsWith('/v1/api-keys/')) return { foreign: [own.apiKeyId], unknown: uuidv7() }
  if (path.startsWith('/v1/recipients/') || path.startsWith('/v1/exports/recipients/')) return { foreign: [own.recipientId], unknown: uuidv7() }
  if (path.startsWith('/v1/erasure-requests/')) return { foreign: [own.erasureRequestId], unknown: uuidv7() }
  if (path.startsWith('/v1/members/')) return { foreign: [own.memberId], unknown: uuidv7() }
  if (path.startsWith('/v1/invitations/')) return { foreign: [own.invitationId], unknown: uuidv7() }
  if (path.startsWith('/v1/passkeys/')) return { foreign: [], unknown: uuidv7() }
  if (path.startsWith('/v1/templates/images/')) return { foreign: [own.imageId], unknown: 'f'.repeat(64) }
  if (path.startsWith('/v1/templates/')) return { foreign: [own.templateId, own.templateSlug], unknown: 'no-such-template' }
  throw new Error(`Tell test/api/requests.ts whose ids stand in ${path}`)
}

export const withId = (path: string, id: string): string => path.replace(/\{\w+\}/, id)
export const nameOf = ({ method, path }: Pick<ApiOperation, 'method' | 'path'>): string => `${method} ${path}`

/** A request that is complete but for the token. */
export function requestOf(operation: ApiOperation): { method: string; headers: Record<string, string>; body?: string } {
  const { method, body: types } = operation
  if (types.length === 0) return { method, headers: {} }
  const body = bodies[nameOf(operation)]
  if (body === undefined) throw new Error(`Tell test/api/requests.ts what to send to ${nameOf(operation)}`)
  return { method, headers: { 'content-type': types[0]! }, body: typeof body === 'string' ? body : JSON.stringify(body) }
}
