import type { Context, MiddlewareHandler } from 'hono'
import type { PublicEnvironment } from '#platform/http/app.ts'
import { currentContext, withContext } from '#platform/context.ts'
import { Problem } from '#platform/problem.ts'
import { normalizedEmail } from '../person/sealed-record.ts'
import type { SignIn } from '../person/sign-in.ts'
import type { Attempts } from './attempts.ts'
import { sessionCookie } from '#platform/http/session-cookie.ts'

type C = Context<PublicEnvironment>

/** Who asks, by the session of the cookie. */
export interface SignedIn {
  readonly sessionId: string
  readonly personId: string
  readonly name: string
  readonly email: string
  readonly expiresAt: Date
}

/** Begins, reads and ends sessions by cookies. */
export interface SessionCookies {
  /** Sets the cookie. Throws `unauthenticated`, the same for a wrong password and for somebody unknown; `rate-limited` after too many. */
  signIn(c: C, who: { email: string; password: string }): Promise<SignedIn>
  /** Takes the cookie away, with the session. */
  signOut(c: C): Promise<void>
  find(c: C): Promise<SignedIn | undefined>
  /** Throws `unauthenticated`. */
  require(c: C): Promise<SignedIn>
}

export interface SessionCookiesOptions {
  readonly publicUrl: string
  readonly attempts: Attempts
  /** Loads better-auth at its first use. */
  readonly signIn: () => Promise<SignIn>
}

export function createSessionCookies({ publicUrl, attempts, signIn }: SessionCookiesOptions): SessionCookies {
  const cookieName = sessionCookie(publicUrl)

  const passOn = (c: C, headers: Headers): void => {
    for (const cookie of headers.getSetCookie()) c.header('set-cookie', cookie, { append: true })
  }

  /** Read once for a request. */
  const found = new WeakMap<Request, Promise<SignedIn | undefined>>()
  function find(c: C): Promise<SignedIn | undefined> {
    const known = found.get(c.req.raw) ?? read(c)
    found.set(c.req.raw, known)
    return known
  }

  async function read(c: C): Promise<SignedIn | undefined> {
    // Nobody without the cookie makes this process load what sessions need.
    if (!c.req.header('cookie')?.includes(`${cookieName}=`)) return undefined
    const { api } = await signIn()
    const { headers, response } = await api.getSession({ headers: c.req.raw.headers, returnHeaders: true })
    passOn(c, headers)
    if (!response) return undefined
    const { session, user } = response
    return { sessionId: session.id, personId: user.id, name: user.name, email: user.email, expiresAt: session.expiresAt }
  }

  return {
    find,

    async require(c) {
      const signedIn = await find(c)
      if (!signedIn) throw new Problem('unauthenticated', 'Sign in first: POST /v1/session, or the page /sign-in.')
      return signedIn
    },

    async signIn(c, { email: given, password }) {
      const email = normalizedEmail(given)
      const { address } = currentContext()
      if (address !== undefined) await attempts.begin('address', address)
      await attempts.begin('account', email)
      const { api } = await signIn()
      const answer = await withContext({ actor: 'sign-in' }, () =>
        api.signInEmail({ body: { email, password }, headers: new Headers({ 'user-agent': c.req.header('user-agent') ?? '' }), asResponse: true }))
      if (!answer.ok) throw new Problem('unauthenticated', 'Check the address and the password.')
      await attempts.succeeded('account', email)
      passOn(c, answer.headers)
      const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ')
      const begun = await api.getSession({ headers: new Headers({ cookie }) })
      if (!begun) throw new Error('A session that was begun is not there.')
      return { sessionId: begun.session.id, personId: begun.user.id, name: begun.user.name, email: begun.user.email, expiresAt: begun.session.expiresAt }
    },

    async signOut(c) {
      const { api } = await signIn()
      const { headers } = await api.signOut({ headers: c.req.raw.headers, returnHeaders: true })
      passOn(c, headers)
    },
  }
}

/** Refuses who is not signed in, before anything of the request is looked at. */
export const requireSession =
  (sessionCookies: SessionCookies): MiddlewareHandler<PublicEnvironment> =>
  async (c, next) => {
    await sessionCookies.require(c)
    await next()
  }
