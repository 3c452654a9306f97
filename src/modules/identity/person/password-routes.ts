import { createRoute, z } from '@hono/zod-openapi'
import { withContext } from '#platform/context.ts'
import { json } from '#platform/http/json-response.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import { requireSameOrigin } from '#platform/http/same-origin.ts'
import type { PublicApp } from '#platform/module.ts'
import { EmailAddress, Locale } from '../contract.ts'
import type { Attempts } from '../session/attempts.ts'
import type { Proofs } from '../session/proofs.ts'
import { requireSession, type SessionCookies } from '../session/signed-in.ts'
import { NewPassword, passwordLength } from './password.ts'
import type { Passwords } from './passwords.ts'
import { normalizedEmail } from './sealed-record.ts'

export interface PasswordRouteParts {
  readonly publicUrl: string
  readonly attempts: Attempts
  readonly passwords: Passwords
  readonly proofs: Proofs
  readonly sessionCookies: SessionCookies
}

const tags = ['People']
const body = <T extends z.ZodType>(schema: T) => ({ required: true, content: { 'application/json': { schema } } })
const Done = z.object({ changed: z.literal(true) })

/** A new password: of who is signed in, and of who forgot theirs. */
export function passwordRoutes(app: PublicApp, { publicUrl, attempts, passwords, proofs, sessionCookies }: PasswordRouteParts): void {
  const sameOrigin = requireSameOrigin(publicUrl)

  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/password',
      tags,
      security: [{ session: [] }] as Record<string, string[]>[],
      middleware: [sameOrigin, requireSession(sessionCookies)],
      summary: 'Change your password',
      description: 'Needs the present one, or a sign-in of the last ten minutes. All your other sessions end.',
      request: { body: body(z.strictObject({ password: z.string().max(passwordLength.max).optional(), newPassword: NewPassword })) },
      responses: { 200: json(Done, 'It is changed') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.require(c)
      const { password, newPassword } = c.req.valid('json')
      await proofs.requirePerson(c, signedIn, password)
      await withContext({ actor: `person:${signedIn.personId}` }, () => passwords.change(signedIn, newPassword))
      return c.json({ changed: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/password/forgotten',
      tags,
      ...forEveryone,
      middleware: [sameOrigin],
      summary: 'Have a link for a new password mailed',
      description: 'The same answer for every address. The link works once, for half an hour.',
      request: { body: body(z.strictObject({ email: EmailAddress, locale: Locale.default('en') })) },
      responses: { 202: json(z.object({ accepted: z.literal(true) }), 'If the address has an account with a password, a mail is on its way') },
    }),
    async (c) => {
      const { email, locale } = c.req.valid('json')
      await attempts.count(normalizedEmail(email))
      await withContext({ actor: 'sign-in' }, () => passwords.mailReset(email, locale))
      return c.json({ accepted: true as const }, 202)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/password/reset',
      tags,
      ...forEveryone,
      middleware: [sameOrigin],
      summary: 'Set a new password with what the mailed link holds',
      description: 'Ends all sessions of the person and begins none: signing in asks for a second factor where there is one.',
      request: { body: body(z.strictObject({ token: z.string().max(200), password: NewPassword })) },
      responses: { 200: json(Done, 'It is changed') },
    }),
    async (c) => {
      const { token, password } = c.req.valid('json')
      await attempts.countAddress('address')
      await withContext({ actor: 'password-reset' }, () => passwords.reset(token, password))
      return c.json({ changed: true as const }, 200)
    },
  )
}
