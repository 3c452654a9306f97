import { randomBytes } from 'node:crypto'
import { and, eq, lt } from 'drizzle-orm'
import type { IdentityContext } from '../identity-context.ts'
import { lookupDigest, personKey } from '../person/sealed-record.ts'

export type ChallengePurpose = 'register' | 'sign-in'

/** That an authenticator may take. */
export const challengeMs = 5 * 60_000

/** What authenticators sign: good once, for five minutes, for one purpose, and for who asked alone. */
export interface Challenges {
  /** @param bound the session, or the browser, that asks */
  issue(purpose: ChallengePurpose, bound: string): Promise<string>
  /** Uses it up. False for one that was not issued for this, is too old, or was used. */
  take(purpose: ChallengePurpose, bound: string, challenge: string): Promise<boolean>
}

export function createChallenges({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): Challenges {
  const { passkeyChallenges } = database.tables
  const digests = async (purpose: ChallengePurpose, bound: string, challenge: string) => {
    await keys.load([personKey])
    return { id: lookupDigest(keys, 'passkey challenge', challenge), bound: lookupDigest(keys, `passkey ${purpose}`, bound) }
  }
  return {
    async issue(purpose, bound) {
      const challenge = randomBytes(32).toString('base64url')
      const row = await digests(purpose, bound, challenge)
      await database.transaction(async (tx) => {
        await tx.delete(passkeyChallenges).where(lt(passkeyChallenges.expiresAt, now()))
        await tx.insert(passkeyChallenges).values({ ...row, expiresAt: new Date(now().getTime() + challengeMs) })
      })
      return challenge
    },

    async take(purpose, bound, challenge) {
      const row = await digests(purpose, bound, challenge)
      const [taken] = await database.transaction((tx) =>
        tx.delete(passkeyChallenges).where(and(eq(passkeyChallenges.id, row.id), eq(passkeyChallenges.bound, row.bound))).returning({ expiresAt: passkeyChallenges.expiresAt }))
      return taken !== undefined && taken.expiresAt > now()
    },
  }
}
