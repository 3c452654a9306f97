import { betterAuth } from 'better-auth/minimal'
import { cookiePrefix } from '#platform/http/session-cookie.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Sessions } from '../session/sessions.ts'
import { createAuthAdapter } from './auth-adapter.ts'
import { passwordLength } from './password.ts'
import { personKey } from './sealed-record.ts'

/** Seconds that a session lives without being used, and after which its use prolongs it. */
const session = { expiresIn: 7 * 86_400, updateAge: 86_400 }

/**
 * better-auth, which checks passwords and keeps sessions. Nobody signs up: accounts come from set-up and invitations. Its own
 * routes are not served; ours call it, once they have checked where a request comes from. Loaded at the first sign-in.
 */
export async function createSignIn(context: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'log' | 'now'>, sessions: Sessions) {
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
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: 'error', log: (level, message) => void log[level]?.(`better-auth: ${message}`) },
  })
  const { password } = await auth.$context
  return { api: auth.api, hashPassword: (text: string) => password.hash(text) }
}

export type SignIn = Awaited<ReturnType<typeof createSignIn>>
