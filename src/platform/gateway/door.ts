import { createHmac } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { doorHeaders } from '../call/headers.ts'
import { serviceKey } from '../call/service-token.ts'
import { withContext } from '../context.ts'
import type { Access } from '../http/access.ts'
import type { AccessTokens } from '../http/access-token.ts'
import type { PublicEnvironment } from '../http/app.ts'
import { problemResponse } from '../http/problem-response.ts'
import { Problem } from '../problem.ts'
import { callerAddress, type TrustedNetwork } from './caller-address.ts'
import type { Allowance, RateLimit } from './rate-limit.ts'

export interface DoorOptions {
  readonly accessTokens: AccessTokens
  /** For who shows a good token, by client; undefined: as often as they like. */
  readonly perClient: RateLimit | undefined
  /** For everyone else, by address. */
  readonly perAddress: RateLimit | undefined
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
    const { access, refusal } = await look(c, options.accessTokens)
    const allowance = access
      ? await options.perClient?.spend(access.clientId)
      : await options.perAddress?.spend(addressKey(address))
    if (allowance?.allowed === false) return tooMany(allowance)
    if (refusal) throw refusal
    await withContext({ address }, next)
    if (allowance) for (const [name, value] of Object.entries(headersOf(allowance))) c.res.headers.set(name, value)
  }
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

/** draft-ietf-httpapi-ratelimit-headers-10. */
const headersOf = ({ policy, perMinute, remaining, resetSeconds }: Allowance): Record<string, string> => ({
  'ratelimit-policy': `"${policy}";q=${perMinute};w=60`,
  ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
})

function tooMany(allowance: Allowance): Response {
  const { perMinute, resetSeconds } = allowance
  const problem = new Problem('rate-limited', `Send at most ${perMinute} requests in a minute; go on when Retry-After is over.`, {
    retryAfterSeconds: Math.max(resetSeconds, 1),
  })
  return problemResponse(problem, headersOf(allowance))
}
