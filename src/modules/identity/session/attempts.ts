import { eq, lt } from 'drizzle-orm'
import { currentContext } from '#platform/context.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import { lookupDigest, personKey } from '../person/sealed-record.ts'

/** Attempts at one account until one succeeds, and of everyone behind one network address; pages that offer passkeys there; within the time. */
const limits = { account: 10, address: 200, offer: 1_000 } as const
const withinMs = 15 * 60_000

type AttemptKind = keyof typeof limits

/** Holds back who guesses, over all processes: counted in the database before each attempt. */
export interface Attempts {
  /** One attempt at an account, from where the request came. Throws `rate-limited` when there were too many of either. */
  count(account: string): Promise<void>
  /** As {@link count}, where what is tried names no account, or where an attempt is only prepared. */
  countAddress(kind: 'address' | 'offer'): Promise<void>
  succeeded(kind: AttemptKind, subject: string): Promise<void>
}

export function createAttempts({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): Attempts {
  const { signInFailures } = database.tables
  const subjectOf = async (kind: AttemptKind, subject: string) => {
    await keys.load([personKey])
    return lookupDigest(keys, `attempt ${kind}`, subject)
  }
  async function begin(kind: AttemptKind, what: string): Promise<void> {
    const subject = await subjectOf(kind, what)
    const until = new Date(now().getTime() + withinMs)
    const refusedUntil = await database.transaction(async (tx) => {
      await tx.delete(signInFailures).where(lt(signInFailures.until, now()))
      await tx.insert(signInFailures).values({ subject, count: 0, until }).onConflictDoNothing()
      const [row] = await tx.select().from(signInFailures).where(eq(signInFailures.subject, subject))
      if (row!.count >= limits[kind]) return row!.until
      // Counted by another in the meantime: on Postgres this transaction begins again.
      await tx.update(signInFailures).set({ count: row!.count + 1 }).where(eq(signInFailures.subject, subject))
      return undefined
    })
    if (!refusedUntil) return
    const retryAfterSeconds = Math.max(1, Math.ceil((refusedUntil.getTime() - now().getTime()) / 1_000))
    throw new Problem('rate-limited', 'Wait until Retry-After is over: there were too many attempts.', { retryAfterSeconds })
  }

  return {
    async count(account) {
      const { address } = currentContext()
      if (address !== undefined) await begin('address', address)
      await begin('account', account)
    },

    async countAddress(kind) {
      const { address } = currentContext()
      if (address !== undefined) await begin(kind, address)
    },

    async succeeded(kind, what) {
      const subject = await subjectOf(kind, what)
      await database.transaction(async (tx) => void (await tx.delete(signInFailures).where(eq(signInFailures.subject, subject))))
    },
  }
}
