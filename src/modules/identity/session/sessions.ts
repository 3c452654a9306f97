import { and, desc, eq, gt, inArray, lt, ne } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import type { IdentityContext } from '../identity-context.ts'
import { openRecord, personKey } from '../person/sealed-record.ts'
import type { IdentityTables } from '../tables.ts'

type Tx = Transaction<IdentityTables>
type Row = IdentityTables['personSessions']['$inferSelect']

/** Which of a person's sessions: those of one provider, or (null) all of them. A provider's session sees no others. */
export type SessionsOf = { readonly personId: string; readonly providerId: string | null }

export interface SessionView {
  readonly id: string
  readonly createdAt: Date
  readonly expiresAt: Date
  /** As the browser called itself. */
  readonly userAgent: string | undefined
}

export interface SessionState {
  /** What stands in access tokens of this session. */
  readonly grantId: string
  /** That began it; null: the person's own. */
  readonly providerId: string | null
  readonly bothFactors: boolean
}

/** Who is signed in where. A session that ended is at once good for nothing; access tokens that it got are void within half a minute. */
export interface Sessions {
  list(of: SessionsOf): Promise<SessionView[]>
  /** Undefined once it has ended. */
  stateOf(sessionId: string): Promise<SessionState | undefined>
  /** It showed a second factor beside the first, or a passkey, which is both. */
  markBothFactors(tx: Tx, sessionId: string): Promise<void>
  /** False when there is no such session among them. */
  endOne(of: SessionsOf, sessionId: string): Promise<boolean>
  end(tx: Tx, rows: readonly Row[]): Promise<void>
  endAllOf(tx: Tx, personId: string): Promise<void>
  /** All but one. */
  endOthers(tx: Tx, personId: string, sessionId: string): Promise<void>
  /** Access tokens that were got until now are void, and the sessions go on. */
  renewGrants(tx: Tx, personId: string): Promise<void>
  forgetExpired(tx: Tx): Promise<void>
  /** Of which an access token may be alive. */
  endedGrants(): Promise<string[]>
}

/** By which clocks may differ, beyond a token's life. */
const toleranceMs = 120_000

export function createSessions({ database, keys, config, now }: Pick<IdentityContext, 'database' | 'keys' | 'config' | 'now'>): Sessions {
  const { personSessions, endedGrants } = database.tables
  const tokensLiveMs = config.ACCESS_TOKEN_SECONDS * 1_000 + toleranceMs
  const since = () => new Date(now().getTime() - tokensLiveMs)

  async function endGrants(tx: Tx, rows: readonly Row[]): Promise<void> {
    await tx.delete(endedGrants).where(lt(endedGrants.endedAt, since()))
    await tx.insert(endedGrants).values(rows.map(({ grantId }) => ({ grantId, endedAt: now() }))).onConflictDoNothing()
  }

  async function end(tx: Tx, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    await endGrants(tx, rows)
    await tx.delete(personSessions).where(inArray(personSessions.id, rows.map(({ id }) => id)))
    for (const { id, userId } of rows) {
      await tx.audit({ organizationId: personKey, action: 'session.ended', target: id, details: { person: userId } })
    }
  }

  const among = ({ personId, providerId }: SessionsOf) =>
    and(eq(personSessions.userId, personId), providerId === null ? undefined : eq(personSessions.providerId, providerId))

  return {
    end,

    async list(of) {
      await keys.load([personKey])
      const rows = await database.read
        .select()
        .from(personSessions)
        .where(and(among(of), gt(personSessions.expiresAt, now())))
        .orderBy(desc(personSessions.createdAt))
      return rows.map(({ id, createdAt, expiresAt, sealed }) => {
        const { userAgent } = openRecord(keys, 'person_sessions', id, sealed) as { userAgent?: string }
        return { id, createdAt, expiresAt, userAgent: userAgent || undefined }
      })
    },

    async stateOf(sessionId) {
      const [row] = await database.read.select().from(personSessions).where(eq(personSessions.id, sessionId))
      return row && { grantId: row.grantId, providerId: row.providerId, bothFactors: row.bothFactorsAt !== null }
    },

    async markBothFactors(tx, sessionId) {
      await tx.update(personSessions).set({ bothFactorsAt: now() }).where(eq(personSessions.id, sessionId))
    },

    endOne: (of, sessionId) =>
      database.transaction(async (tx) => {
        const rows = await tx.select().from(personSessions).where(and(eq(personSessions.id, sessionId), among(of)))
        await end(tx, rows)
        return rows.length > 0
      }),

    async endAllOf(tx, personId) {
      await end(tx, await tx.select().from(personSessions).where(eq(personSessions.userId, personId)))
    },

    async endOthers(tx, personId, sessionId) {
      await end(tx, await tx.select().from(personSessions).where(and(eq(personSessions.userId, personId), ne(personSessions.id, sessionId))))
    },

    async renewGrants(tx, personId) {
      const rows = await tx.select().from(personSessions).where(eq(personSessions.userId, personId))
      if (rows.length === 0) return
      await endGrants(tx, rows)
      for (const { id } of rows) await tx.update(personSessions).set({ grantId: uuidv7() }).where(eq(personSessions.id, id))
    },

    async forgetExpired(tx) {
      await tx.delete(personSessions).where(lt(personSessions.expiresAt, now()))
    },

    async endedGrants() {
      const rows = await database.read.select().from(endedGrants).where(gt(endedGrants.endedAt, since()))
      return rows.map(({ grantId }) => grantId)
    },
  }
}
