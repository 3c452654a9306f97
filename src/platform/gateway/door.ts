import { createHmac } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { doorHeaders } from '../call/headers.ts'
import { serviceKey } from '../call/service-token.ts'
import { withContext } from '../context.ts'
import type { Access } from '../http/access.ts'
import type { AccessTokens } from '../http/access-token.ts'
import type { PublicEnvironment } from '../http/app.ts'
import { problemResponse } from '../http/problem-response.ts'
import type { OrganizationId } from '../organization-id.ts'
import type { OrganizationLimits } from '../organization-limits.ts'
import { Problem } from '../problem.ts'
import { callerAddress, type TrustedNetwork } from './caller-address.ts'
import type { Allowance, RateLimit } from './rate-limit.ts'

export interface DoorOptions {
  readonly accessTokens: AccessTokens
  /** For who shows a good token, by client; undefined: as often as they like. */
  readonly perClient: RateLimit | undefined
  /** For all clients and keys of an organization together. */
  readonly perOrganization?: RateLimit | undefined
  /** An organization's own limit, where it has one. */
  readonly limitsOf?: (organizationId: OrganizationId) => Promise<OrganizationLimits>
  /** For everyone else, by address. */
  readonly perAddress: RateLimit | undefined
  /** For who shows what is not good, and only that, by address. */
  readonly perFailure?: RateLimit | undefined
  /** For who has credentials verified without showing a good token, by address. */
  readonly perVerification?: RateLimit | undefined
  readonly trustedProxies: readonly TrustedNetwork[]
  readonly serviceSecret: Uint8Array
}

/** Never refused for their number: who balances the load must not take a busy process for a dead one. */
const unlimited = ['/livez', '/readyz']

/** Takes who asks from the door that the request came through. */
export const behindDoor: MiddlewareHandler<PublicEnvironment> = (c, next) => {
  const address = c.env?.internal ? c.req.header(doorHeaders.address) : undefined
  return address === undefined ? next() : withContext({ address }, next)
}

/**
 * Stands before everything that strangers reach, in one process as in a gateway. Refuses an access token that is not good
 * wherever one is of use, and who asks too often. What comes over the internal listener has passed a door already.
 */
export function door(options: DoorOptions): MiddlewareHandler<PublicEnvironment> {
  const digestKey = serviceKey(options.serviceSecret, 'rate limit v1')
  const addressKey = (address: string): string => createHmac('sha256', digestKey).update(address).digest('base64url').slice(0, 22)
  return async (c, next) => {
    if (c.env?.internal) return behindDoor(c, next)
    if (unlimited.includes(c.req.path)) return next()
    const address = callerAddress(c.env?.incoming?.socket?.remoteAddress, c.req.header('x-forwarded-for'), options.trustedProxies)
    const key = addressKey(address)
    const asksAsClient = c.req.path.startsWith('/oauth/') && c.req.method === 'POST'
    // Before anything is compared with a secret: who guesses is not told whether a guess is right.
    const failures = asksAsClient ? await options.perFailure?.look(key) : undefined
    if (failures?.allowed === false) return tooMany([failures])
    const { access, refusal } = await look(c, options.accessTokens)
    const spent = access ? await spentBy(access, options) : await spentAt(key, c.req.path, options)
    if (refusal) spent.push(await options.perFailure?.spend(key))
    const allowances = spent.filter((allowance) => allowance !== undefined)
    if (allowances.some(({ allowed }) => !allowed)) return tooMany(allowances)
    if (refusal) throw refusal
    await withContext({ address }, next)
    if (asksAsClient && c.res.status === 401) await options.perFailure?.spend(key)
    for (const [name, value] of Object.entries(headersOf(allowances))) c.res.headers.set(name, value)
  }
}

type Spent = Promise<(Allowance | undefined)[]>

async function spentBy({ clientId, organizationId }: Access, { perClient, perOrganization, limitsOf }: DoorOptions): Spent {
  const { requestsPerMinute } = (await limitsOf?.(organizationId)) ?? {}
  return Promise.all([perClient?.spend(clientId), perOrganization?.spend(organizationId, requestsPerMinute)])
}

async function spentAt(address: string, path: string, { perAddress, perVerification }: DoorOptions): Spent {
  return Promise.all([perAddress?.spend(address), path === '/v1/verify' ? perVerification?.spend(address) : undefined])
}

/** Under `/v1` a bearer token is an access token or wrong. Nobody but the module decides whether one is needed. */
async function look(c: Context<PublicEnvironment>, tokens: AccessTokens): Promise<{ access?: Access; refusal?: unknown }> {
  if (!c.req.path.startsWith('/v1/')) return {}
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (token === undefined) return {}
  try {
    return { access: await tokens.verify(token) }
  } catch (error) {
    // While the keys cannot be had here, the module may have them.
    return error instanceof Problem && error.code === 'token-refused' ? { refusal: error } : {}
  }
}

/** draft-ietf-httpapi-ratelimit-headers-10: lists, one item for each policy. */
const headersOf = (allowances: readonly Allowance[]): Record<string, string> =>
  allowances.length === 0
    ? {}
    : {
        'ratelimit-policy': allowances.map(({ policy, perMinute }) => `"${policy}";q=${perMinute};w=60`).join(', '),
        ratelimit: allowances.map(({ policy, remaining, resetSeconds }) => `"${policy}";r=${remaining};t=${resetSeconds}`).join(', '),
      }

const whose: Readonly<Record<string, string>> = {
  organization: ' for all programs of your organization together',
  failures: ' with a secret, token or key that is not good',
  verification: ' to verify credentials without a token',
}

function tooMany(allowances: readonly Allowance[]): Response {
  const refused = allowances.filter(({ allowed }) => !allowed)
  const { policy, perMinute } = refused[0]!
  const problem = new Problem('rate-limited', `Send at most ${perMinute} requests in a minute${whose[policy] ?? ''}; go on when Retry-After is over.`, {
    retryAfterSeconds: Math.max(1, ...refused.map(({ resetSeconds }) => resetSeconds)),
  })
  return problemResponse(problem, headersOf(allowances))
}
