import { and, eq, inArray } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { isUniqueViolation } from '#platform/database/database-error.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type AchievementText, ensureAchievements } from '../achievement/achievements.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { type Recipients, RecipientsChanged } from '../recipient/recipients.ts'
import type { StatusLists } from '../status-list/status-lists.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'
import type { Template } from '../template/templates.ts'
import type { Claim } from './claim-rules.ts'
import { randomPublicId } from './public-id.ts'
import { signCredential } from './sign-step.ts'

/** One credential that was asked for, already found right. */
export interface Wanted {
  readonly claim: Claim
  readonly achievement: AchievementText
  readonly notify: boolean
}

/** What became of it: a new credential, or the one that this business key already has. */
export interface Accepted {
  readonly id: string
  readonly publicId: string
  readonly created: boolean
}

export interface AcceptOptions {
  readonly organizationId: OrganizationId
  readonly template: Template
  readonly batchId?: string
  /** Lower is sooner: a batch gives way to a single issue. */
  readonly priority: number
}

/** Everything that can wait is done; `write` is the part inside the transaction. */
export interface PreparedAcceptance {
  /** In the order of what was wanted. Two of the same business key get the same credential. */
  write(tx: Transaction<IssuanceTables>): Promise<Accepted[]>
}

export interface Acceptance {
  /** The permanent business key: organization, template, external id (else normalized address), occurrence. */
  businessKey(organizationId: OrganizationId, template: Template, claim: Claim): string
  /** @param wanted at most 200 */
  prepare(wanted: readonly Wanted[], options: AcceptOptions): Promise<PreparedAcceptance>
  /**
   * Prepares and runs `work` in a transaction; again when an address became known in between, or when another who issues at
   * the same moment drew one of the same places in the status list.
   */
  accept<R>(
    wanted: readonly Wanted[],
    options: AcceptOptions,
    transaction: (write: PreparedAcceptance['write']) => Promise<R>,
  ): Promise<R>
}

const separator = '\u0000'
const ATTEMPTS = 20

export function createAcceptance(
  { keys, now }: IssuanceContext,
  recipients: Recipients,
  statusLists: StatusLists,
): Acceptance {
  const businessKey: Acceptance['businessKey'] = (organizationId, template, claim) => {
    const who = claim.externalId === undefined ? `email${separator}${claim.email}` : `id${separator}${claim.externalId}`
    return keys.digest(organizationId, 'business-key', [template.id, who, claim.occurrence].join(separator))
  }

  const prepare: Acceptance['prepare'] = async (wanted, options) => {
    const { organizationId, template, batchId, priority } = options
    await keys.load([organizationId])
    const prepared = await recipients.prepare(organizationId, wanted.map(({ claim }) => claim.email))
    const places = await statusLists.reserve(organizationId, wanted.length)
    return {
      async write(tx) {
        const { credentials } = tx.tables
        const createdAt = now()
        const recipientIds = await prepared.write(tx)
        const achievementIds = await ensureAchievements(
          tx,
          organizationId,
          wanted.map(({ achievement }) => achievement),
          template.content,
          createdAt,
        )
        const statusIndexes = await places.draw(tx)
        const rows = new Map<string, typeof credentials.$inferInsert>()
        const businessKeys = wanted.map(({ claim }) => businessKey(organizationId, template, claim))
        wanted.forEach(({ claim, notify }, at) => {
          const key = businessKeys[at] as string
          const recipientId = recipientIds.get(recipients.emailDigest(organizationId, claim.email))
          const achievementId = achievementIds[at]
          const statusIndex = statusIndexes[at]
          if (recipientId === undefined || achievementId === undefined || statusIndex === undefined)
            throw new Error('A prepared acceptance lacks a recipient, an achievement or a status index.')
          if (rows.has(key)) return
          const id = uuidv7()
          const personal: PersonalData = { name: claim.name, email: claim.email }
          const place = { organizationId, table: 'credentials', column: 'personal', row: id }
          rows.set(key, {
            id,
            organizationId,
            recipientId,
            templateId: template.id,
            templateVersion: template.version,
            achievementId,
            batchId: batchId ?? null,
            businessKey: key,
            publicId: randomPublicId(),
            documentId: randomUUID(),
            state: 'accepted',
            personal: keys.seal(recipientId, place, JSON.stringify(personal)),
            locale: claim.locale,
            completedOn: claim.completedOn ?? null,
            notify,
            statusListId: places.revocationListId,
            suspensionListId: template.content.suspendable ? places.suspensionListId : null,
            statusIndex,
            createdAt,
          })
        })
        const written = await tx
          .insert(credentials)
          // In one order, so that two who write the same keys wait for each other and do not deadlock.
          .values([...rows.values()].sort((a, b) => (a.businessKey < b.businessKey ? -1 : 1)))
          .onConflictDoNothing({ target: [credentials.organizationId, credentials.businessKey] })
          .returning({ id: credentials.id, publicId: credentials.publicId, key: credentials.businessKey })
        const outcome = new Map<string, Accepted>()
        for (const { id, publicId, key } of written) {
          outcome.set(key, { id, publicId, created: true })
          await tx.addStep(signCredential, organizationId, id, { credentialId: id }, { priority })
        }
        const there = [...rows.keys()].filter((key) => !outcome.has(key))
        if (there.length > 0)
          for (const { id, publicId, key } of await tx
            .select({ id: credentials.id, publicId: credentials.publicId, key: credentials.businessKey })
            .from(credentials)
            .where(and(eq(credentials.organizationId, organizationId), inArray(credentials.businessKey, there))))
            outcome.set(key, { id, publicId, created: false })
        return businessKeys.map((key) => {
          const accepted = outcome.get(key)
          if (!accepted) throw new Error('A credential that is in the way is not there.')
          return accepted
        })
      },
    }
  }

  return {
    businessKey,
    prepare,
    async accept(wanted, options, transaction) {
      for (let attempt = 1; ; attempt++) {
        const prepared = await prepare(wanted, options)
        try {
          return await transaction(prepared.write)
        } catch (error) {
          const again = error instanceof RecipientsChanged || isUniqueViolation(error)
          if (!again || attempt === ATTEMPTS) throw error
        }
      }
    },
  }
}
