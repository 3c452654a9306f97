import { withContext } from '#platform/context.ts'
import { Problem } from '#platform/problem.ts'
import { normalizedEmail } from '../person/sealed-record.ts'
import type { SignIn } from '../person/sign-in.ts'
import type { Attempts } from './attempts.ts'
import { type SignedIn } from './signed-in.ts'

interface Answering {
  readonly req: { readonly raw: Request }
  header(name: string, value: string, options: { append: true }): void
}

export interface NewSecondFactor {
  /** `otpauth://totp/…`, for an app. */
  readonly uri: string
  /** Each is good once, when the app is lost. */
  readonly recoveryCodes: readonly string[]
}

/** What protects an account beside its password. All of it asks for the password that there is; a wrong one is `unauthenticated`. */
export interface SecondFactors {
  /** Nothing is asked for until {@link confirm} has seen a first code. */
  begin(c: Answering, signedIn: SignedIn, password: string): Promise<NewSecondFactor>
  /** False for a wrong code. */
  confirm(c: Answering, signedIn: SignedIn, code: string): Promise<boolean>
  /** Recovery codes in the place of those before, of who has a second factor. */
  renewCodes(c: Answering, signedIn: SignedIn, password: string): Promise<readonly string[]>
  end(c: Answering, signedIn: SignedIn, password: string): Promise<void>
}

export interface SecondFactorParts {
  readonly attempts: Attempts
  readonly signIn: () => Promise<SignIn>
  /** In a transaction of its own. */
  readonly markBothFactors: (sessionId: string) => Promise<void>
}

export function createSecondFactors({ attempts, signIn, markBothFactors }: SecondFactorParts): SecondFactors {
  /** Asks better-auth with the request's cookies, and passes on those that it sets. */
  async function asked(c: Answering, signedIn: SignedIn, ask: (api: SignIn['api'], headers: Headers) => Promise<Response>): Promise<Response> {
    await attempts.count(normalizedEmail(signedIn.email))
    const { api } = await signIn()
    const answer = await withContext({ actor: `person:${signedIn.personId}` }, () => ask(api, new Headers({ cookie: c.req.raw.headers.get('cookie') ?? '' })))
    if (!answer.ok) return answer
    await attempts.succeeded('account', normalizedEmail(signedIn.email))
    for (const cookie of answer.headers.getSetCookie()) c.header('set-cookie', cookie, { append: true })
    return answer
  }
  const required = (answer: Response): Response => {
    if (!answer.ok) throw new Problem('unauthenticated', 'Check the password.')
    return answer
  }

  return {
    async begin(c, signedIn, password) {
      const answer = required(await asked(c, signedIn, (api, headers) => api.enableTwoFactor({ body: { password, method: 'totp' }, headers, asResponse: true })))
      const { totpURI, backupCodes } = (await answer.json()) as { totpURI: string; backupCodes: string[] }
      return { uri: totpURI, recoveryCodes: backupCodes }
    },
    async confirm(c, signedIn, code) {
      const body = { code: code.replaceAll(/\s/g, '') }
      const { useCode } = await signIn()
      if ((await useCode(signedIn.personId, body.code)) === 'used') return false
      const answer = await asked(c, signedIn, (api, headers) => api.verifyTOTP({ body, headers, asResponse: true }))
      if (!answer.ok) return false
      // better-auth has begun another session, unless a code was asked for before.
      const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ')
      const renewed = cookie && (await (await signIn()).api.getSession({ headers: new Headers({ cookie }) }))
      await markBothFactors(renewed ? renewed.session.id : signedIn.sessionId)
      return true
    },
    async renewCodes(c, signedIn, password) {
      const answer = required(await asked(c, signedIn, (api, headers) => api.generateBackupCodes({ body: { password }, headers, asResponse: true })))
      return ((await answer.json()) as { backupCodes: string[] }).backupCodes
    },
    async end(c, signedIn, password) {
      required(await asked(c, signedIn, (api, headers) => api.disableTwoFactor({ body: { password }, headers, asResponse: true })))
    },
  }
}
