import { symmetricDecrypt } from 'better-auth/crypto'
import { betterAuth } from 'better-auth/minimal'
import { magicLink, twoFactor } from 'better-auth/plugins'
import { timingSafeEqual } from 'node:crypto'
import { cookiePrefix } from '#platform/http/session-cookie.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { SendLink } from '../mail/link-sender.ts'
import type { Sessions } from '../session/sessions.ts'
import { createAuthAdapter } from './auth-adapter.ts'
import { linkSeconds } from './link-seconds.ts'
import { passwordLength } from './password.ts'
import { providerSession } from './provider-session.ts'
import { personKey } from './sealed-record.ts'

/** Seconds that a session lives without being used, and after which its use prolongs it. What is delicate asks for the password, however fresh it is. */
const session = { expiresIn: 7 * 86_400, updateAge: 86_400, freshAge: 0 }

/**
 * better-auth, which checks passwords and keeps sessions. Nobody signs up: accounts come from set-up and invitations. Its own
 * routes are not served; ours call it, once they have checked where a request comes from. Loaded at the first sign-in.
 */
export async function createSignIn(context: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'log' | 'now'>, sessions: Sessions, sendLink: SendLink) {
  const { keys, publicUrl, log } = context
  await keys.load([personKey])
  const isHttps = publicUrl.startsWith('https:')
  const auth = betterAuth({
    appName: 'Vellum',
    baseURL: publicUrl,
    basePath: '/sign-in/auth',
    secret: keys.digest(personKey, 'sign-in', 'secret 1'),
    database: createAuthAdapter(context, sessions),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: passwordLength.min, maxPasswordLength: passwordLength.max },
    session,
    advanced: {
      cookiePrefix: cookiePrefix(publicUrl),
      useSecureCookies: false,
      defaultCookieAttributes: { secure: isHttps, httpOnly: true, sameSite: 'lax', path: '/' },
      // The audit has it, from the door.
      ipAddress: { disableIpTracking: true },
    },
    plugins: [
      providerSession(),
      twoFactor({ issuer: new URL(publicUrl).hostname }),
      magicLink({
        disableSignUp: true,
        expiresIn: linkSeconds,
        sendMagicLink: ({ email, token, metadata }) => sendLink({ email, token, name: String(metadata?.name), locale: String(metadata?.locale) }),
      }),
    ],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: 'error', log: (level, message) => void log[level]?.(`better-auth: ${message}`) },
  })
  const { password, internalAdapter, adapter, secretConfig } = await auth.$context

  async function codeIsRight(userId: string, code: string): Promise<boolean> {
    const factor = await adapter.findOne<{ secret: string }>({ model: 'twoFactor', where: [{ field: 'userId', value: userId }] })
    if (!factor) return false
    const secret = await symmetricDecrypt({ key: secretConfig, data: factor.secret })
    const right = Buffer.from((await auth.api.generateTOTP({ body: { secret } })).code)
    const given = Buffer.from(code.trim())
    return given.length === right.length && timingSafeEqual(given, right)
  }

  return {
    api: auth.api,
    hashPassword: (text: string) => password.hash(text),
    codeIsRight,
    /** Whom a mailed link is for, while it works. */
    async personOfLink(token: string) {
      const pending = await internalAdapter.findVerificationValue(`magic-link:${token}`)
      if (!pending || pending.expiresAt <= new Date()) return undefined
      const { email } = JSON.parse(pending.value) as { email: string }
      const found = await internalAdapter.findUserByEmail(email)
      return found?.user as ({ id: string; email: string; twoFactorEnabled?: boolean | null }) | undefined
    },
  }
}

export type SignIn = Awaited<ReturnType<typeof createSignIn>>
