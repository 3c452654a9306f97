import { createRoute, z } from '@hono/zod-openapi'
import { getCookie, setCookie } from 'hono/cookie'
import { randomBytes } from 'node:crypto'
import { withContext } from '#platform/context.ts'
import { json } from '#platform/http/json-response.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import { cookiePrefix } from '#platform/http/session-cookie.ts'
import { requireSameOrigin } from '#platform/http/same-origin.ts'
import type { PublicApp } from '#platform/module.ts'
import { oneLine } from '#platform/typed-text.ts'
import { passwordLength } from '../person/password.ts'
import type { Attempts } from '../session/attempts.ts'
import type { Proofs } from '../session/proofs.ts'
import { requireSession, type SessionCookies } from '../session/signed-in.ts'
import { challengeMs } from './challenges.ts'
import type { Passkey as StoredPasskey, Passkeys } from './passkeys.ts'

export interface PasskeyRouteParts {
  readonly publicUrl: string
  readonly attempts: Attempts
  readonly passkeys: Passkeys
  readonly proofs: Proofs
  readonly sessionCookies: SessionCookies
}

export const PasskeyName = oneLine(60)

const Passkey = z
  .object({ id: z.string(), name: z.string(), createdAt: z.iso.datetime(), lastUsedAt: z.iso.datetime().optional() })
  .openapi('Passkey')

const Options = z
  .looseObject({ challenge: z.string() })
  .openapi('PasskeyOptions', { description: 'For `navigator.credentials`, as WebAuthn’s JSON: `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read it.' })

const base64url = (most: number) => z.string().max(most).regex(/^[\w-]*$/, 'Use base64url without padding.')
/** Of what `navigator.credentials.create()` answers. */
const Attested = z.strictObject({
  id: base64url(1_400),
  clientDataJSON: base64url(8_000),
  attestationObject: base64url(64_000),
  transports: z.array(z.string().max(30)).max(10).default([]),
})
/** Of what `navigator.credentials.get()` answers. */
const Asserted = z.strictObject({
  id: base64url(1_400),
  clientDataJSON: base64url(8_000),
  authenticatorData: base64url(8_000),
  signature: base64url(8_000),
  userHandle: base64url(100),
})

const tags = ['People']
const body = <T extends z.ZodType>(schema: T) => ({ required: true, content: { 'application/json': { schema } } })

/** Passkeys of who is signed in, and signing in with one. */
export function passkeyRoutes(app: PublicApp, { publicUrl, attempts, passkeys, proofs, sessionCookies }: PasskeyRouteParts): void {
  const [sameOrigin, session] = [requireSameOrigin(publicUrl), requireSession(sessionCookies)]
  const bySession = { tags, security: [{ session: [] }] as Record<string, string[]>[], middleware: [session] }
  const byPageOfSession = { ...bySession, middleware: [sameOrigin, session] }
  const params = z.object({ id: z.string().max(64) })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/passkeys',
      ...bySession,
      summary: 'Your passkeys',
      responses: { 200: json(z.object({ passkeys: z.array(Passkey) }), 'The oldest first') },
    }),
    async (c) => c.json({ passkeys: (await passkeys.list((await sessionCookies.require(c)).personId)).map(present) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/passkeys/options',
      ...byPageOfSession,
      summary: 'Begin to add a passkey',
      description:
        'What the browser asks an authenticator for. The answer is good once, for five minutes, for this session. Needs a sign-in of the last ten ' +
        'minutes, or the password; and of who has a second factor a session that showed it.',
      request: { body: body(z.strictObject({ password: z.string().max(passwordLength.max).optional() })) },
      responses: { 200: json(Options, 'The options') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.require(c)
      await proofs.requireFactors(signedIn)
      await proofs.requirePerson(c, signedIn, c.req.valid('json').password)
      return c.json(await passkeys.beginRegistration(signedIn), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/passkeys',
      ...byPageOfSession,
      summary: 'Add a passkey',
      description: 'With what the authenticator answered to the options. From then on it signs in, as both factors.',
      request: { body: body(z.strictObject({ name: PasskeyName, credential: Attested })) },
      responses: { 201: json(Passkey, 'The passkey') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.require(c)
      const { name, credential } = c.req.valid('json')
      return c.json(present(await withContext({ actor: `person:${signedIn.personId}` }, () => passkeys.register(signedIn, name, credential))), 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/v1/passkeys/{id}',
      ...byPageOfSession,
      summary: 'Name a passkey anew',
      request: { params, body: body(z.strictObject({ name: PasskeyName })) },
      responses: { 200: json(Passkey, 'The passkey') },
    }),
    async (c) => {
      const { personId } = await sessionCookies.require(c)
      const { id } = c.req.valid('param')
      return c.json(present(await withContext({ actor: `person:${personId}` }, () => passkeys.rename(personId, id, c.req.valid('json').name))), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/passkeys/{id}',
      ...byPageOfSession,
      summary: 'Remove a passkey',
      description: 'Needs a sign-in of the last ten minutes that showed a second factor. On the page /account/passkeys the password does instead of a recent one.',
      request: { params },
      responses: { 200: json(Passkey, 'The passkey as it was') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.require(c)
      const { personId } = signedIn
      await proofs.requireFactors(signedIn)
      await proofs.requirePerson(c, signedIn, undefined)
      return c.json(present(await withContext({ actor: `person:${personId}` }, () => passkeys.remove(personId, c.req.valid('param').id))), 200)
    },
  )

  /** What ties a challenge to the browser that asked for it: nobody signs another in with an answer of their own. */
  const browserCookie = `${cookiePrefix(publicUrl)}.passkey`

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/passkey/options',
      tags,
      ...forEveryone,
      middleware: [sameOrigin],
      summary: 'Begin to sign in with a passkey',
      description: 'What the browser asks for: any passkey of this origin. The answer is good once, for five minutes, in this browser.',
      responses: { 200: json(Options, 'The options') },
    }),
    async (c) => {
      await attempts.countAddress('offer')
      const browser = getCookie(c, browserCookie) ?? randomBytes(32).toString('base64url')
      setCookie(c, browserCookie, browser, { httpOnly: true, sameSite: 'Lax', secure: publicUrl.startsWith('https:'), path: '/', maxAge: challengeMs / 1_000 })
      return c.json(await passkeys.beginSignIn(browser), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/passkey',
      tags,
      ...forEveryone,
      middleware: [sameOrigin],
      summary: 'Sign in with a passkey',
      description: 'Sets the session’s cookie. GET /v1/session tells the rest.',
      request: { body: body(z.strictObject({ credential: Asserted })) },
      responses: { 201: json(z.object({ person: z.string(), session: z.string() }), 'Signed in') },
    }),
    async (c) => {
      await attempts.countAddress('address')
      const { credential } = c.req.valid('json')
      const personId = await withContext({ actor: 'sign-in' }, () => passkeys.verify(getCookie(c, browserCookie) ?? '', credential))
      const { sessionId } = await sessionCookies.signInByPasskey(c, personId)
      return c.json({ person: personId, session: sessionId }, 201)
    },
  )
}

const present = ({ id, name, createdAt, lastUsedAt }: StoredPasskey) => ({
  id, name, createdAt: createdAt.toISOString(), ...(lastUsedAt && { lastUsedAt: lastUsedAt.toISOString() }),
})
