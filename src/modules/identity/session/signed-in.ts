import type { Context, MiddlewareHandler } from 'hono'
import type { PublicEnvironment } from '#platform/http/app.ts'
import { withContext } from '#platform/context.ts'
import { Problem } from '#platform/problem.ts'
import { normalizedEmail } from '../person/sealed-record.ts'
import { providerSessionMs } from '../person/provider-session-life.ts'
import type { Persons } from '../person/persons.ts'
import type { SignIn } from '../person/sign-in.ts'
import type { Providers } from '../provider/providers.ts'
import type { Attempts } from './attempts.ts'
import { sessionCookie } from '#platform/http/session-cookie.ts'

type C = Context<PublicEnvironment>

/** Who asks, by the session of the cookie. */
export interface SignedIn {
  readonly sessionId: string
  readonly personId: string
  readonly name: string
  readonly email: string
  readonly startedAt: Date
  readonly expiresAt: Date
  /** A code is asked for beside the password. */
  readonly secondFactor: boolean
  /**
   * Whose word the session rests on. Null: the person's own, by a password or a link. Else an organization's provider, which could sign in
   * anyone as its member: the session is good for that organization alone, and changes nothing of the account.
   */
  readonly providerId: string | null
}

/** Begins, reads and ends sessions by cookies. */
export interface SessionCookies {
  /**
   * Sets the cookie. Undefined, and a cookie for `secondFactor`, where a code is wanted and none was given. Throws `unauthenticated`, the
   * same for a wrong password, a wrong code and for somebody unknown; `rate-limited` after too many.
   */
  signIn(c: C, who: { email: string; password: string; code?: string | undefined }): Promise<SignedIn | undefined>
  /** The code of an app, or one of those for when it is lost, after {@link signIn} asked for it. Throws as that does. */
  secondFactor(c: C, code: string): Promise<SignedIn>
  /** Mails a link to who has an account, and says nothing of whether there is one. */
  mailLink(c: C, email: string, locale: string): Promise<void>
  /** Whether the link works still, and whether it wants a code too. */
  linkState(token: string): Promise<'code' | 'plain' | undefined>
  /** By a mailed link, once. Throws `unauthenticated` for a wrong code, after which the link still works, and for a link that is no more. */
  signInByLink(c: C, token: string, code: string | undefined): Promise<SignedIn>
  /** For somebody whose passkey answered: that is both factors. */
  signInByPasskey(c: C, personId: string): Promise<SignedIn>
  /** Takes the cookie away, with the session. */
  signOut(c: C): Promise<void>
  /** By a person's own session: whatever concerns their account asks this. */
  find(c: C): Promise<SignedIn | undefined>
  /** Throws `unauthenticated`. */
  require(c: C): Promise<SignedIn>
  /** By a session of a provider too: for what is shown or done for its organization, through `SessionPowers`. */
  findAny(c: C): Promise<SignedIn | undefined>
  /** Throws `unauthenticated`. */
  requireAny(c: C): Promise<SignedIn>
  /** Begins a session for somebody whom this provider vouched for. */
  signInByProvider(c: C, who: { personId: string; providerId: string }): Promise<void>
}

export interface SessionCookiesOptions {
  readonly publicUrl: string
  readonly attempts: Attempts
  readonly persons: Persons
  readonly providers: Pick<Providers, 'byId'>
  /** In a transaction of its own. */
  readonly markBothFactors: (sessionId: string) => Promise<void>
  /** Loads better-auth at its first use. */
  readonly signIn: () => Promise<SignIn>
}

interface Found {
  readonly session: { readonly id: string; readonly createdAt: Date; readonly expiresAt: Date; readonly providerId?: string | null | undefined }
  readonly user: { readonly id: string; readonly name: string; readonly email: string; readonly twoFactorEnabled?: boolean | null | undefined }
}

const present = ({ session, user }: Found): SignedIn => ({
  sessionId: session.id, personId: user.id, name: user.name, email: user.email, startedAt: session.createdAt, expiresAt: session.expiresAt,
  secondFactor: user.twoFactorEnabled === true, providerId: session.providerId ?? null,
})

const wrong = () => new Problem('unauthenticated', 'Check the address, the password, and the code if one is asked for.')

export function createSessionCookies({ publicUrl, attempts, persons, providers, markBothFactors, signIn }: SessionCookiesOptions): SessionCookies {
  const cookieName = sessionCookie(publicUrl)

  const passOn = (c: C, headers: Headers): void => {
    for (const cookie of headers.getSetCookie()) c.header('set-cookie', cookie, { append: true })
  }

  /** Read once for a request. */
  const found = new WeakMap<Request, Promise<SignedIn | undefined>>()
  function findAny(c: C): Promise<SignedIn | undefined> {
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
    const { providerId, createdAt } = response.session
    // Without its cookie that it is not to be prolonged, better-auth would prolong it.
    if (providerId && (createdAt.getTime() + providerSessionMs <= Date.now() || !(await providers.byId(providerId)))) return undefined
    return present(response)
  }

  const headersOf = (c: C): Headers => new Headers({ 'user-agent': c.req.header('user-agent') ?? '' })
  const cookiesOf = (answer: Response): string => answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ')
  const asSignIn = <R>(work: () => Promise<R>): Promise<R> => withContext({ actor: 'sign-in' }, work)

  /** better-auth holds back who guesses codes: five for one password that was right, ten for one account in a quarter of an hour. */
  async function checkCode(cookie: string, code: string): Promise<Response> {
    const { api, personOfPendingCode, useCode } = await signIn()
    const body = { code: code.replaceAll(/\s/g, '') }
    const headers = new Headers({ cookie })
    const isOfApp = /^\d{6}$/.test(body.code)
    const person = isOfApp ? await personOfPendingCode(cookie) : undefined
    // No code at all, which counts as a wrong one does.
    if (person !== undefined && (await useCode(person, body.code)) === 'used') body.code = ''
    const answer = await asSignIn(() =>
      isOfApp ? api.verifyTOTP({ body, headers, asResponse: true }) : api.verifyBackupCode({ body, headers, asResponse: true }))
    if (answer.status === 429) throw new Problem('rate-limited', 'Wait a quarter of an hour: there were too many wrong codes.', { retryAfterSeconds: 900 })
    if (!answer.ok) throw wrong()
    return answer
  }

  /** The session that an answer's cookies carry. */
  async function begun(c: C, answer: Response): Promise<SignedIn> {
    passOn(c, answer.headers)
    const { api } = await signIn()
    const session = await api.getSession({ headers: new Headers({ cookie: cookiesOf(answer) }) })
    if (!session) throw new Error('A session that was begun is not there.')
    return present(session)
  }

  async function begunWithBoth(c: C, answer: Response): Promise<SignedIn> {
    const signedIn = await begun(c, answer)
    await markBothFactors(signedIn.sessionId)
    return signedIn
  }

  async function find(c: C): Promise<SignedIn | undefined> {
    const signedIn = await findAny(c)
    return signedIn?.providerId === null ? signedIn : undefined
  }
  const required = (signedIn: SignedIn | undefined): SignedIn => {
    if (!signedIn) throw new Problem('unauthenticated', 'Sign in first: POST /v1/session, or the page /sign-in.')
    return signedIn
  }

  return {
    find,
    findAny,
    require: async (c) => required(await find(c)),
    requireAny: async (c) => required(await findAny(c)),

    async signInByProvider(c, { personId: userId, providerId }) {
      const { api } = await signIn()
      const answer = await asSignIn(() => api.startSession({ body: { userId, providerId }, headers: headersOf(c), asResponse: true }))
      if (!answer.ok) throw new Error('A session could not be begun.')
      passOn(c, answer.headers)
    },

    async signIn(c, { email: given, password, code }) {
      const email = normalizedEmail(given)
      await attempts.count(email)
      const { api } = await signIn()
      const answer = await asSignIn(() => api.signInEmail({ body: { email, password }, headers: headersOf(c), asResponse: true }))
      if (!answer.ok) throw wrong()
      await attempts.succeeded('account', email)
      const { twoFactorRedirect } = (await answer.clone().json()) as { twoFactorRedirect?: boolean }
      if (!twoFactorRedirect) return begun(c, answer)
      if (code !== undefined) return begunWithBoth(c, await checkCode(cookiesOf(answer), code))
      passOn(c, answer.headers)
      return undefined
    },

    secondFactor: async (c, code) => begunWithBoth(c, await checkCode(c.req.header('cookie') ?? '', code)),

    async mailLink(c, given, locale) {
      const email = normalizedEmail(given)
      await attempts.count(email)
      const person = await persons.findByEmail(email)
      if (!person) return
      const { api } = await signIn()
      await api.signInMagicLink({ body: { email: person.email, metadata: { name: person.name, locale } }, headers: headersOf(c) })
    },

    async linkState(token) {
      const person = await (await signIn()).personOfLink(token)
      return person && (person.twoFactorEnabled ? 'code' : 'plain')
    },

    async signInByLink(c, token, code) {
      const { api, personOfLink, useCode } = await signIn()
      const person = await personOfLink(token)
      if (!person) throw new Problem('unauthenticated', 'Ask for another link: this one was used, or is too old.')
      if (person.twoFactorEnabled) {
        await attempts.count(person.email)
        if ((await useCode(person.id, (code ?? '').replaceAll(/\s/g, ''))) !== 'good') throw wrong()
      }
      const answer = await asSignIn(() => api.magicLinkVerify({ query: { token }, headers: headersOf(c), asResponse: true }))
      if (!answer.ok) throw new Problem('unauthenticated', 'Ask for another link: this one was used, or is too old.')
      await attempts.succeeded('account', normalizedEmail(person.email))
      return person.twoFactorEnabled ? begunWithBoth(c, answer) : begun(c, answer)
    },

    async signInByPasskey(c, userId) {
      const { api } = await signIn()
      const answer = await asSignIn(() => api.startSession({ body: { userId }, headers: headersOf(c), asResponse: true }))
      if (!answer.ok) throw new Problem('unauthenticated', 'Sign in another way: this account is no more.')
      return begunWithBoth(c, answer)
    },

    async signOut(c) {
      const { api } = await signIn()
      const { headers } = await api.signOut({ headers: c.req.raw.headers, returnHeaders: true })
      passOn(c, headers)
    },
  }
}

/** Refuses who is not signed in, in whatever way, before anything of the request is looked at. */
export const requireSession =
  (sessionCookies: SessionCookies): MiddlewareHandler<PublicEnvironment> =>
  async (c, next) => {
    await sessionCookies.requireAny(c)
    await next()
  }
