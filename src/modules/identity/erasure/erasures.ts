import { and, asc, eq, gt, isNotNull, isNull } from 'drizzle-orm'
import { SignJWT } from 'jose'
import type { Transaction } from '#platform/database/database.ts'
import { confirmErasure, type Removed } from '#platform/erasure/confirm-erasure.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { recipientErased } from '../events.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { IdentityTables } from '../tables.ts'
import type { SigningKeys } from '../token/signing-keys.ts'

/** What an organization can show of an erasure, without the person: decision 0211. */
export interface Receipt {
  readonly recipientId: string
  readonly erasedAt: string
  readonly complete: boolean
  readonly completedAt: string | null
  readonly parts: readonly { readonly module: string; readonly confirmedAt: string; readonly removed: Removed }[]
  readonly pending: readonly string[]
  /** Once complete: a JWS (RFC 7515) over the rest, of type `erasure-receipt+jwt`, checked with `/oauth/jwks.json`. */
  readonly signed: string | null
}

/** Erasing people: the key first, which makes noise of everything, then what each module has beside it. */
export interface Erasures {
  /** Answers when it was erased, the same however often it is asked. Throws `Problem('not-found')`. */
  erase(organizationId: OrganizationId, recipientId: string): Promise<Date>
  confirm(module: string, part: { organizationId: OrganizationId; recipientId: string; removed: Removed }): Promise<void>
  /** Throws `Problem('not-found')` for whoever was not erased. */
  receipt(organizationId: OrganizationId, recipientId: string): Promise<Receipt>
  /** Tells all modules again of those whose keys are gone and of whom this database does not know why: it was restored from before. */
  repeatForgotten(): Promise<void>
}

type Tx = Transaction<IdentityTables>
const atOnce = 200

export function createErasures(
  { database, keys, now, modules, publicUrl }: Pick<IdentityContext, 'database' | 'keys' | 'now' | 'modules' | 'publicUrl'>,
  signingKeys: Pick<SigningKeys, 'current'>,
): Erasures {
  const { dataKeys, erasures, erasureParts } = database.tables

  async function tellAll(tx: Tx, organizationId: OrganizationId, recipientId: string, erasedAt: Date, destroyed: number): Promise<void> {
    await tx.insert(erasures).values({ recipientId, organizationId, erasedAt, completedAt: null })
    await tx.publish(recipientErased, organizationId, { recipientId })
    await tx.audit({ organizationId, action: 'recipient.erased', target: recipientId })
    await confirmErasure(tx, { cause: erasedAt.toISOString(), organizationId, recipientId, removed: { dataKeys: destroyed } })
  }

  async function erase(tx: Tx, organizationId: OrganizationId, recipientId: string): Promise<Date> {
    const ofRecipient = and(eq(dataKeys.subject, recipientId), eq(dataKeys.organizationId, organizationId), eq(dataKeys.kind, 'recipient'))
    const at = now()
    const destroyed = await tx
      .update(dataKeys)
      .set({ wrappedKey: null, erasedAt: at })
      .where(and(ofRecipient, isNull(dataKeys.erasedAt)))
      .returning({ subject: dataKeys.subject })
    if (destroyed.length > 0) {
      await tellAll(tx, organizationId, recipientId, at, destroyed.length)
      return at
    }
    const [row] = await tx.select({ erasedAt: dataKeys.erasedAt }).from(dataKeys).where(ofRecipient).orderBy(asc(dataKeys.version)).limit(1)
    if (!row?.erasedAt) throw new Problem('not-found', 'There is no recipient of this id.')
    return row.erasedAt
  }

  async function sign(organizationId: string, { recipientId, erasedAt, completedAt, parts }: Omit<Receipt, 'signed'>): Promise<string> {
    const { kid, privateKey } = await signingKeys.current()
    return new SignJWT({ org: organizationId, recipientId, erasedAt, completedAt, parts })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'erasure-receipt+jwt', kid })
      .setIssuer(publicUrl)
      .setSubject(recipientId)
      .setIssuedAt(Math.floor(now().getTime() / 1_000))
      .sign(privateKey)
  }

  return {
    async erase(organizationId, recipientId) {
      await keys.load([organizationId])
      const erasedAt = await database.transaction((tx) => erase(tx, organizationId, recipientId))
      keys.forget(recipientId)
      return erasedAt
    },

    async confirm(module, { organizationId, recipientId, removed }) {
      const mine = and(eq(erasures.recipientId, recipientId), eq(erasures.organizationId, organizationId))
      await database.transaction(async (tx) => {
        // Changed, so that of two confirmations at once the later one sees the other.
        const [known] = await tx.update(erasures).set({ organizationId }).where(mine).returning({ completedAt: erasures.completedAt })
        if (!known) throw new Problem('not-found', 'Nobody of this id was erased.')
        await tx.insert(erasureParts).values({ recipientId, module, organizationId, removed, confirmedAt: now() }).onConflictDoNothing()
        const parts = await tx.select({ module: erasureParts.module }).from(erasureParts).where(eq(erasureParts.recipientId, recipientId))
        const confirmed = new Set(parts.map((part) => part.module))
        if (known.completedAt !== null || !modules.every((name) => confirmed.has(name))) return
        await tx.update(erasures).set({ completedAt: now() }).where(mine)
        await tx.audit({ organizationId, action: 'recipient.erasure-completed', target: recipientId, details: { modules: modules.length } })
      })
    },

    async receipt(organizationId, recipientId) {
      const [row] = await database.read.select().from(erasures)
        .where(and(eq(erasures.recipientId, recipientId), eq(erasures.organizationId, organizationId)))
      if (!row) throw new Problem('not-found', 'Nobody of this id was erased; DELETE /v1/recipients/{id} erases.')
      const rows = await database.read.select().from(erasureParts).where(eq(erasureParts.recipientId, recipientId)).orderBy(asc(erasureParts.module))
      const told = {
        recipientId,
        erasedAt: row.erasedAt.toISOString(),
        complete: row.completedAt !== null,
        completedAt: row.completedAt?.toISOString() ?? null,
        parts: rows.map(({ module, confirmedAt, removed }) => ({ module, confirmedAt: confirmedAt.toISOString(), removed })),
        pending: modules.filter((name) => !rows.some(({ module }) => module === name)),
      }
      return { ...told, signed: told.complete ? await sign(organizationId, told) : null }
    },

    async repeatForgotten() {
      for (let after = ''; ; ) {
        const rows = await database.read
          .select({ subject: dataKeys.subject, organizationId: dataKeys.organizationId, erasedAt: dataKeys.erasedAt })
          .from(dataKeys)
          .leftJoin(erasures, eq(erasures.recipientId, dataKeys.subject))
          .where(and(isNotNull(dataKeys.erasedAt), isNull(erasures.recipientId), gt(dataKeys.subject, after)))
          .orderBy(asc(dataKeys.subject))
          .limit(atOnce)
        if (rows.length === 0) return
        after = rows.at(-1)!.subject
        await keys.load(rows.map(({ organizationId }) => organizationId))
        await database.transaction(async (tx) => {
          for (const { subject, organizationId, erasedAt } of rows) {
            const [known] = await tx.select({ id: erasures.recipientId }).from(erasures).where(eq(erasures.recipientId, subject))
            if (!known) await tellAll(tx, organizationId as OrganizationId, subject, erasedAt!, 0)
          }
        })
      }
    },
  }
}
