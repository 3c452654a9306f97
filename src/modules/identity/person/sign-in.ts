import { symmetricDecrypt } from 'better-auth/crypto'
import { betterAuth } from 'better-auth/minimal'
import { magicLink, twoFactor } from 'better-auth/plugins'
import { and, eq, isNull, lt, or } from 'drizzle-orm'
import { cookiePrefix } from '#platform/http/session-cookie.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { SendLink } from '../mail/link-sender.ts'
import type { SecurityMails } from '../mail/security-mails.ts'
import type { Sessions } from '../session/sessions.ts'
import { createAuthAdapter } from './auth-adapter.ts'
import { linkSeconds } from './link-seconds.ts'
import { passwordLength } from './password.ts'
import { openRecord, personKey } from './sealed-record.ts'
import { startsSessions } from './starts-sessions.ts'
import { timeStepOf } from './time-code.ts'

/** Seconds that a session lives without being used, and after which its use prolongs it. What is delicate asks for the password, however fresh it is. */
const session = { expiresIn: 7 * 86_400, updateAge: 86_400, freshAge: 0 }

export interface SignInParts {
  readonly sessions: Sessions
  readonly securityMails: SecurityMails
  readonly sendLink: SendLink
}

/**
 * better-auth, which checks passwords and keeps sessions. Nobody signs up: accounts come from set-up and invitations. Its own
 * routes are not served; ours call it, once they have checked where a request comes from. Loaded at the first sign-in.
 */
export async function createSignIn(context: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'log' | 'now'>, { sessions, securityMails, sendLink }: SignInParts) {
  const { database, keys, publicUrl, log, now } = context
  await keys.load([personKey])
  const isHttps = publicUrl.startsWith('https:')
  const auth = betterAuth({
    appName: 'Vellum',
    baseURL: publicUrl,
    basePath: '/sign-in/auth',
    secret: keys.digest(personKey, 'sign-in', 'secret 1'),
    database: createAuthAdapter(context, sessions, securityMails),
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
      startsSessions,
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
  const { password, internalAdapter, secretConfig, createAuthCookie } = await auth.$context

  /**
   * Uses up a code of somebody's app, for all processes: it and those before it are good no more (RFC 6238, section 5.2). `unknown`
   * for what is no code of the moment.
   */
  async function useCode(userId: string, code: string): Promise<'good' | 'used' | 'unknown'> {
    const { personTwoFactors } = database.tables
    await keys.load([personKey])
    const [factor] = await database.read.select().from(personTwoFactors).where(eq(personTwoFactors.userId, userId))
    if (!factor) return 'unknown'
    const { secret: data } = openRecord(keys, 'person_two_factors', factor.id, factor.sealed) as { secret: string }
    const step = timeStepOf(await symmetricDecrypt({ key: secretConfig, data }), code, now())
    if (step === undefined) return 'unknown'
    const isLater = or(isNull(personTwoFactors.usedStep), lt(personTwoFactors.usedStep, step))
    const used = await database.transaction((tx) =>
      tx.update(personTwoFactors).set({ usedStep: step }).where(and(eq(personTwoFactors.id, factor.id), isLater)).returning({ id: personTwoFactors.id }))
    return used.length > 0 ? 'good' : 'used'
  }

  return {
    api: auth.api,
    hashPassword: (text: string) => password.hash(text),
    useCode,
    /** Whose password was right, by the cookie that waits for their code. */
    async personOfPendingCode(cookies: string) {
      const { name } = createAuthCookie('two_factor')
      const value = cookies.split('; ').find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
      // Signed, and read by better-auth afterwards: here it only finds whose code it may be.
      const [identifier] = decodeURIComponent(value ?? '').split('.')
      return identifier ? (await internalAdapter.findVerificationValue(identifier))?.value : undefined
    },
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
