import { and, desc, eq, lt, type SQL } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { z } from 'zod'
import { currentContext, withContext } from '#platform/context.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { defineStep, type StepRunner } from '#platform/work/step.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'
import type { ErasureRequestState } from './access-tables.ts'
import { isRecipient, type RecipientMails, recipientPerson } from './recipient-mails.ts'
import { asRecipient, type RecipientSession } from './recipient-sessions.ts'

/** Who is in. */
type Recipient = Pick<RecipientSession, 'organizationId' | 'recipientId'>
type Row = IssuanceTables['erasureRequests']['$inferSelect']

export interface ErasureRequestView {
  readonly id: string
  readonly state: ErasureRequestState
  /** Null for the moment between the end of the key and that of the request. */
  readonly recipient: { readonly id: string; readonly name: string; readonly email: string } | null
  readonly reason: string | null
  readonly createdAt: string
  /** Until when it is to be answered: GDPR, Art. 12(3). */
  readonly dueAt: string
  readonly decidedAt: string | null
}

/** Recipients who ask to be erased. Nothing is erased by asking: the organization decides, and the recipient may take it back until then. */
export interface ErasureRequests {
  /** Asking again changes nothing. */
  ask(recipient: Recipient): Promise<void>
  /** What is decided stays decided. */
  takeBack(recipient: Recipient): Promise<void>
  /** The newest of a recipient. */
  newestOf(recipient: Recipient): Promise<{ state: ErasureRequestState; reason: string | null; createdAt: Date } | undefined>
  list(organizationId: OrganizationId, filter: { state?: ErasureRequestState | undefined; after?: string | undefined; limit: number }): Promise<{ requests: ErasureRequestView[]; next: string | null }>
  /** Throws `not-found`, and `state-refused` for what is not open. Granted already: the same answer. */
  grant(organizationId: OrganizationId, id: string): Promise<ErasureRequestView>
  /** The recipient is mailed the reason. Throws as `grant`. */
  refuse(organizationId: OrganizationId, id: string, reason: string): Promise<ErasureRequestView>
}

/** Erases at the authority, by which everything else hears of it, this request too. `actor`: who granted it. */
export const eraseOnRequest = defineStep({
  kind: 'erase-on-request',
  input: z.object({ recipientId: z.string(), actor: z.string() }),
  leaseMs: 60_000,
  concurrency: 2,
})

export const createRequestedEraser = ({ clients }: IssuanceContext): StepRunner<z.output<typeof eraseOnRequest.input>, IssuanceTables> =>
  async ({ organizationId, input: { recipientId, actor } }) =>
    void (await withContext({ actor }, () => clients.identity.eraseRecipient({ organizationId, recipientId })))

/** The same day of the next month, or its last one. */
export function monthAfter(date: Date): Date {
  const due = new Date(date)
  due.setUTCMonth(due.getUTCMonth() + 1)
  if (due.getUTCDate() !== date.getUTCDate()) due.setUTCDate(0)
  return due
}

const placeOf = (organizationId: string, id: string) =>
  ({ organizationId: organizationId as OrganizationId, table: 'erasure_requests', column: 'reason', row: id })

const noSuch = () => new Problem('not-found', 'There is no request with this id; GET /v1/erasure-requests lists them.')

/** Why a request was refused, as it can be read by whoever may. The recipient's key must be loaded. */
export const openReason = ({ keys }: Pick<IssuanceContext, 'keys'>, { organizationId, id, reason, recipientId }: Row): string | null =>
  reason === null || keys.isErased(recipientId) ? null : keys.openText(placeOf(organizationId, id), reason)

export function createErasureRequests(context: IssuanceContext, mails: RecipientMails): ErasureRequests {
  const { database, keys, now } = context
  const { erasureRequests } = database.tables
  const pending = (recipientId: string) => and(eq(erasureRequests.pendingFor, recipientId), eq(erasureRequests.state, 'open'))

  async function view(row: Row): Promise<ErasureRequestView> {
    const person = await recipientPerson(context, row.organizationId, row.recipientId)
    return {
      id: row.id,
      state: row.state,
      recipient: person ? { id: row.recipientId, name: person.name, email: person.email } : null,
      reason: openReason(context, row),
      createdAt: row.createdAt.toISOString(),
      dueAt: monthAfter(row.createdAt).toISOString(),
      decidedAt: row.decidedAt?.toISOString() ?? null,
    }
  }

  async function find(organizationId: OrganizationId, id: string): Promise<Row> {
    const [row] = await database.read.select().from(erasureRequests).where(and(eq(erasureRequests.id, id), eq(erasureRequests.organizationId, organizationId)))
    if (!row) throw noSuch()
    await keys.load([organizationId, row.recipientId])
    return row
  }

  const refused = ({ state }: Pick<Row, 'state'>) =>
    new Problem('state-refused', 'Only an open request can be decided; this one was taken back, or decided already.', { extensions: { state } })

  const requests: ErasureRequests = {
    async ask({ organizationId, recipientId }) {
      await keys.load([organizationId])
      const id = uuidv7()
      await asRecipient({ organizationId, recipientId }, () => database.transaction(async (tx) => {
        if (!(await isRecipient(tx, recipientId))) return
        const written = await tx.insert(tx.tables.erasureRequests)
          .values({ id, organizationId, recipientId, state: 'open', pendingFor: recipientId, createdAt: now() })
          .onConflictDoNothing()
          .returning({ id: tx.tables.erasureRequests.id })
        if (written.length > 0) await tx.audit({ organizationId, action: 'recipient.erasure-requested', target: recipientId, details: { request: id } })
      }))
    },

    async takeBack({ organizationId, recipientId }) {
      await asRecipient({ organizationId, recipientId }, () => database.transaction(async (tx) => {
        const [taken] = await tx.update(tx.tables.erasureRequests)
          .set({ state: 'withdrawn', pendingFor: null, decidedAt: now() })
          .where(pending(recipientId))
          .returning({ id: tx.tables.erasureRequests.id })
        if (taken) await tx.audit({ organizationId, action: 'recipient.erasure-withdrawn', target: recipientId, details: { request: taken.id } })
      }))
    },

    async newestOf({ recipientId }) {
      const [row] = await database.read.select().from(erasureRequests).where(eq(erasureRequests.recipientId, recipientId))
        .orderBy(desc(erasureRequests.id)).limit(1)
      await keys.load([recipientId])
      return row && { state: row.state, reason: openReason(context, row), createdAt: row.createdAt }
    },

    async list(organizationId, { state, after, limit }) {
      const conditions: SQL[] = [eq(erasureRequests.organizationId, organizationId)]
      if (state) conditions.push(eq(erasureRequests.state, state))
      if (after) conditions.push(lt(erasureRequests.id, after))
      const rows = await database.read.select().from(erasureRequests).where(and(...conditions)).orderBy(desc(erasureRequests.id)).limit(limit + 1)
      const page = rows.slice(0, limit)
      await keys.load(page.map(({ recipientId }) => recipientId))
      return { requests: await Promise.all(page.map(view)), next: rows.length > limit ? page.at(-1)!.id : null }
    },

    async grant(organizationId, id) {
      const row = await find(organizationId, id)
      if (row.state === 'erasing') return view(row)
      if (row.state !== 'open') throw refused(row)
      const { recipientId } = row
      const granted = await database.transaction(async (tx) => {
        const [moved] = await tx.update(tx.tables.erasureRequests).set({ state: 'erasing', decidedAt: now() })
          .where(and(eq(tx.tables.erasureRequests.id, id), eq(tx.tables.erasureRequests.state, 'open'))).returning()
        if (!moved) return undefined
        await tx.addStep(eraseOnRequest, organizationId, id, { recipientId, actor: currentContext().actor ?? 'system' })
        await tx.audit({ organizationId, action: 'recipient.erasure-granted', target: recipientId, details: { request: id } })
        return moved
      })
      // Another was faster: with the same answer, or with another decision.
      return granted ? view(granted) : requests.grant(organizationId, id)
    },

    async refuse(organizationId, id, reason) {
      const row = await find(organizationId, id)
      const { recipientId } = row
      if (row.state === 'refused' && openReason(context, row) === reason) return view(row)
      if (row.state !== 'open') throw refused(row)
      const writeMail = await mails.prepare({ id: uuidv7(), organizationId, recipientId, says: { kind: 'erasure-refused', reason } })
      if (!writeMail) throw noSuch()
      const sealed = keys.seal(recipientId, placeOf(organizationId, id), reason)
      const done = await database.transaction(async (tx) => {
        const [moved] = await tx.update(tx.tables.erasureRequests).set({ state: 'refused', pendingFor: null, reason: sealed, decidedAt: now() })
          .where(and(eq(tx.tables.erasureRequests.id, id), eq(tx.tables.erasureRequests.state, 'open'))).returning()
        if (!moved) return undefined
        await writeMail(tx)
        await tx.audit({ organizationId, action: 'recipient.erasure-refused', target: recipientId, details: { request: id } })
        return moved
      })
      return done ? view(done) : requests.refuse(organizationId, id, reason)
    },
  }
  return requests
}
