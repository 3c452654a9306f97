import type { Context } from 'hono'
import type { PublicEnvironment } from '#platform/http/app.ts'
import { Problem } from '#platform/problem.ts'
import type { Passkeys } from '../passkey/passkeys.ts'
import { normalizedEmail } from '../person/sealed-record.ts'
import type { SignIn } from '../person/sign-in.ts'
import type { Attempts } from './attempts.ts'
import type { Sessions } from './sessions.ts'
import type { SignedIn } from './signed-in.ts'

/** After signing in, for as long nobody is asked for the password again. */
const recentMs = 10 * 60_000

/** What is asked of somebody beside their session before they change how they sign in: a session may have been left open, or stolen. */
export interface Proofs {
  isRecent(signedIn: SignedIn): boolean
  /** The password, if one is given; else a sign-in of the last ten minutes. @throws {Problem} `unauthenticated`, and `rate-limited` after too many wrong ones */
  requirePerson(c: Context<PublicEnvironment>, signedIn: SignedIn, password: string | undefined): Promise<void>
  /**
   * Both factors of who has set two: else a password that somebody has learnt would be enough to add a factor of theirs.
   * @throws {Problem} `forbidden`, with the extension `secondFactor`
   */
  requireFactors(signedIn: SignedIn): Promise<void>
  /** Codes of an app, or a passkey. */
  hasSecond(signedIn: Pick<SignedIn, 'personId' | 'secondFactor'>): Promise<boolean>
  /** Whether this session showed both factors, of somebody who has a second one still. */
  hasBothFactors(signedIn: Pick<SignedIn, 'personId' | 'sessionId' | 'secondFactor'>): Promise<boolean>
}

export interface ProofParts {
  readonly attempts: Attempts
  readonly passkeys: Passkeys
  readonly sessions: Sessions
  readonly now: () => Date
  readonly signIn: () => Promise<SignIn>
}

export function createProofs({ attempts, passkeys, sessions, now, signIn }: ProofParts): Proofs {
  const isRecent = ({ startedAt }: SignedIn) => now().getTime() - startedAt.getTime() < recentMs
  const hasSecond = async ({ secondFactor, personId }: Pick<SignedIn, 'personId' | 'secondFactor'>) => secondFactor || (await passkeys.list(personId)).length > 0
  const showedBoth = async (sessionId: string) => (await sessions.stateOf(sessionId))?.bothFactors === true

  return {
    isRecent,
    hasSecond,

    async requirePerson(c, signedIn, password) {
      if (password === undefined && isRecent(signedIn)) return
      if (password === undefined) throw new Problem('unauthenticated', 'Send your password too, or sign in anew: the last time is more than ten minutes ago.')
      const account = normalizedEmail(signedIn.email)
      await attempts.count(account)
      const { api } = await signIn()
      const headers = new Headers({ cookie: c.req.header('cookie') ?? '' })
      const answer = await api.verifyPassword({ body: { password }, headers, asResponse: true })
      if (!answer.ok) throw new Problem('unauthenticated', 'Check the password.')
      await attempts.succeeded('account', account)
    },

    async requireFactors(signedIn) {
      if (!(await hasSecond(signedIn)) || (await showedBoth(signedIn.sessionId))) return
      throw new Problem('forbidden', 'Sign in anew with your passkey or the code of your app: this session showed neither.', { extensions: { secondFactor: true } })
    },

    hasBothFactors: async (signedIn) => (await hasSecond(signedIn)) && showedBoth(signedIn.sessionId),
  }
}
