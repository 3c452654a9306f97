import { uuidv7 } from 'uuidv7'
import type { ApiOperation } from './document.ts'
import { issueRequest, template, type TwoOrganizations } from './two-organizations.ts'

/** What to send so that nothing but the token or the id can be at fault. */
export const bodies: Record<string, unknown> = {
  'PATCH /v1/organization': {},
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
}

/** Whose ids stand in which path, and what nobody has. */
export const idsOf = ({ belongings: own }: TwoOrganizations, path: string): { foreign: string[], unknown: string } => {
  if (path.startsWith('/v1/credentials/')) return { foreign: [own.credentialId], unknown: uuidv7() }
  if (path.startsWith('/v1/batches/')) return { foreign: [own.batchId], unknown: uuidv7() }
  if (path.startsWith('/v1/clients/')) return { foreign: [own.clientId], unknown: uuidv7() }
  if (path.startsWith('/v1/api-keys/')) return { foreign: [own.apiKeyId], unknown: uuidv7() }
  if (path.startsWith('/v1/recipients/')) return { foreign: [own.recipientId], unknown: uuidv7() }
  if (path.startsWith('/v1/templates/images/')) return { foreign: [own.imageId], unknown: 'f'.repeat(64) }
  if (path.startsWith('/v1/templates/')) return { foreign: [own.templateId, own.templateSlug], unknown: 'no-such-template' }
  throw new Error(`Tell this test whose ids stand in ${path}`)
}

export const withId = (path: string, id: string): string => path.replace(/\{\w+\}/, id)
export const nameOf = ({ method, path }: ApiOperation): string => `${method} ${path}`

export function requestOf(operation: ApiOperation): { method: string, headers: Record<string, string>, body?: string } {
  const { method, body: types } = operation
  if (types.length === 0) return { method, headers: {} }
  const body = bodies[nameOf(operation)]
  if (body === undefined) throw new Error(`Tell this test what to send to ${nameOf(operation)}`)
  return { method, headers: { 'content-type': types[0]! }, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

/** To write a template is to make one's own. */
export const ofNamedThings = (operations: readonly ApiOperation[]): ApiOperation[] =>
  operations.filter(({ scope, path, method }) => scope !== undefined && path.includes('{') && method !== 'PUT')

/** The routes that answer a stranger otherwise for what is another's than for what nobody has, or with something else than 404. */
export async function differences(world: TwoOrganizations, operations: readonly ApiOperation[]): Promise<string[]> {
  const ask = async (operation: ApiOperation, id: string) => {
    const response = await world.stranger.fetch(withId(operation.path, id), requestOf(operation))
    return `${response.status} ${response.headers.get('content-type')} ${(await response.text().catch(() => 'cut')).replaceAll(id, '(id)')}`
  }
  const found: string[] = []
  for (const operation of ofNamedThings(operations)) {
    const { foreign, unknown } = idsOf(world, operation.path)
    const expected = await ask(operation, unknown)
    if (!expected.startsWith('404 ')) found.push(`${nameOf(operation)}: ${expected} for what nobody has`)
    for (const id of foreign) {
      const answer = await ask(operation, id)
      if (answer !== expected) found.push(`${nameOf(operation)}: ${answer} instead of ${expected}`)
    }
  }
  return found
}

/** The lists in which a stranger finds something of the owner's. */
export async function foundIn({ belongings, stranger }: TwoOrganizations, operations: readonly ApiOperation[]): Promise<string[]> {
  const ids = Object.values(belongings).filter((id) => id !== belongings.templateSlug)
  const found: string[] = []
  for (const { path, query, scope, method } of operations) {
    if (scope === undefined || method !== 'GET' || path.includes('{')) continue
    const filters = query.filter((one) => !['limit', 'state'].includes(one)).flatMap((one) => ids.map((id) => `?${one}=${id}`))
    for (const filter of ['', ...filters, ...(query.includes('q') ? ['?q=zephyrine', '?q=canary'] : [])]) {
      const text = await (await stranger.fetch(path + filter)).text()
      // A refusal may repeat what was asked for, but not find it.
      for (const id of [...ids, 'Zephyrine']) if (text.includes(id)) found.push(`${path}${filter}: ${id}`)
    }
  }
  return found
}
