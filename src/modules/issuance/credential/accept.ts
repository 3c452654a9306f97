import { and, eq, inArray, placeholder } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { KeyNotLoaded } from '#platform/crypto/key-ring-types.ts'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { Achievements, AchievementText } from '../achievement/achievements.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { type Recipients, RecipientsChanged } from '../recipient/recipients.ts'
import type { StatusLists } from '../status-list/status-lists.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'
import type { Template } from '../template/templates.ts'
import type { Claim } from './claim-rules.ts'
import { credentialPlace } from './credential-row.ts'
import { issueCredential } from './issue-step.ts'
import { randomPublicId } from './public-id.ts'
import type { Quota } from './quota.ts'

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
  /** In the order of what was wanted. Two of the same business key get the same credential. Throws `QuotaExceeded`. */
  write(tx: Transaction<IssuanceTables>): Promise<Accepted[]>
}

export interface Acceptance {
  /** The permanent business key: organization, template, external id (else normalized address), occurrence. */
  businessKey(organizationId: OrganizationId, template: Template, claim: Claim): string
  /** @param wanted at most 200 */
  prepare(wanted: readonly Wanted[], options: AcceptOptions): Promise<PreparedAcceptance>
  /** Prepares and runs `transaction`; again when an address became known in between. */
  accept<R>(
    wanted: readonly Wanted[],
    options: AcceptOptions,
    transaction: (write: PreparedAcceptance['write']) => Promise<R>,
  ): Promise<R>
}

const separator = '\u0000'
const ATTEMPTS = 20
/** A list is left when half of it is taken: that so many draws in a row meet a taken place does not happen. */
const DRAWS = 100

type NewCredential = Pick<
  IssuanceTables['credentials']['$inferInsert'],
  'id' | 'recipientId' | 'businessKey' | 'publicId' | 'documentId' | 'personal' | 'locale' | 'notify'
> & {
  readonly completedOn: string | null
  /** Where its achievement stands in what was wanted. */
  readonly at: number
}

type InsertedCredential = Omit<NewCredential, 'at'> & {
  organizationId: string
  templateId: string
  templateVersion: number
  achievementId: string
  batchId: string | null
  statusListId: string
  suspensionListId: string | null
  statusIndex: number
  createdAt: Date
}

/** Nothing happens where the business key has its credential already, or another has the status index. */
const insertCredential = preparedQuery<IssuanceTables, InsertedCredential>()((queries, { credentials }) =>
  queries
    .insert(credentials)
    .values({
      id: placeholder('id'),
      organizationId: placeholder('organizationId'),
      recipientId: placeholder('recipientId'),
      templateId: placeholder('templateId'),
      templateVersion: placeholder('templateVersion'),
      achievementId: placeholder('achievementId'),
      batchId: placeholder('batchId'),
      businessKey: placeholder('businessKey'),
      publicId: placeholder('publicId'),
      documentId: placeholder('documentId'),
      state: 'accepted',
      personal: placeholder('personal'),
      locale: placeholder('locale'),
      completedOn: placeholder('completedOn'),
      notify: placeholder('notify'),
      statusListId: placeholder('statusListId'),
      suspensionListId: placeholder('suspensionListId'),
      statusIndex: placeholder('statusIndex'),
      createdAt: placeholder('createdAt'),
    })
    .onConflictDoNothing())

const byBusinessKey = preparedQuery<IssuanceTables, { organizationId: string; businessKey: string }>()(
  (queries, { credentials }) =>
    queries
      .select({ id: credentials.id, publicId: credentials.publicId })
      .from(credentials)
      .where(and(
        eq(credentials.organizationId, placeholder('organizationId')),
        eq(credentials.businessKey, placeholder('businessKey')),
      )))

export function createAcceptance(
  { database, keys, now }: IssuanceContext,
  recipients: Recipients,
  achievements: Achievements,
  statusLists: StatusLists,
  quota: Quota,
): Acceptance {
  const businessKey: Acceptance['businessKey'] = (organizationId, template, claim) => {
    const who = claim.externalId === undefined ? `email${separator}${claim.email}` : `id${separator}${claim.externalId}`
    return keys.digest(organizationId, 'business-key', [template.id, who, claim.occurrence].join(separator))
  }

  /**
   * A file is often sent again: what is there already needs no key, no sealing and no place. For a single one the insert finds
   * out soon enough.
   */
  async function existing(organizationId: OrganizationId, businessKeys: readonly string[]): Promise<Map<string, Accepted>> {
    if (businessKeys.length < 2) return new Map()
    const { credentials } = database.tables
    const rows = await database.read
      .select({ key: credentials.businessKey, id: credentials.id, publicId: credentials.publicId })
      .from(credentials)
      .where(and(eq(credentials.organizationId, organizationId), inArray(credentials.businessKey, [...businessKeys])))
    return new Map(rows.map(({ key, id, publicId }) => [key, { id, publicId, created: false }]))
  }

  const prepare: Acceptance['prepare'] = async (asked, options) => {
    const { organizationId, template, batchId, priority } = options
    await keys.load([organizationId])
    const askedKeys = asked.map(({ claim }) => businessKey(organizationId, template, claim))
    const there = await existing(organizationId, askedKeys)
    const wanted = asked.filter((_, at) => !there.has(askedKeys[at]!))
    const businessKeys = askedKeys.filter((key) => !there.has(key))
    const [people, texts, places, limit] = await Promise.all([
      recipients.prepare(organizationId, wanted.map(({ claim }) => claim.email)),
      achievements.prepare(organizationId, wanted.map(({ achievement }) => achievement), template.content),
      statusLists.reserve(organizationId, wanted.length),
      quota.of(organizationId),
    ])
    const fresh = new Map<string, NewCredential>()
    wanted.forEach(({ claim, notify }, at) => {
      const key = businessKeys[at]!
      if (fresh.has(key)) return
      const id = uuidv7()
      const recipientId = people.ids[at]!
      const personal: PersonalData = { name: claim.name, email: claim.email }
      fresh.set(key, {
        id,
        recipientId,
        businessKey: key,
        publicId: randomPublicId(),
        documentId: randomUUID(),
        personal: keys.seal(recipientId, credentialPlace(organizationId, 'personal', id), JSON.stringify(personal)),
        locale: claim.locale,
        completedOn: claim.completedOn ?? null,
        notify,
        at,
      })
    })
    // In one order, so that two who write the same keys wait for each other and do not deadlock.
    const inOrder = [...fresh.values()].sort((a, b) => (a.businessKey < b.businessKey ? -1 : 1))
    const common = {
      organizationId,
      templateId: template.id,
      templateVersion: template.version,
      batchId: batchId ?? null,
      statusListId: places.revocationListId,
      suspensionListId: template.content.suspendable ? places.suspensionListId : null,
      createdAt: now(),
    }

    /** Its credential is this one, or the one that its business key has already. */
    async function writeOne(tx: Transaction<IssuanceTables>, row: NewCredential, achievementId: string): Promise<Accepted> {
      const { id, publicId, businessKey } = row
      for (let draw = 0; draw < DRAWS; draw++) {
        const { rowCount } = await tx.run(insertCredential, { ...common, ...row, achievementId, statusIndex: places.draw() })
        if (rowCount === 1) {
          await tx.addStep(issueCredential, organizationId, id, { credentialId: id }, { priority })
          return { id, publicId, created: true }
        }
        const [there] = await tx.run(byBusinessKey, { organizationId, businessKey })
        if (there) return { ...there, created: false }
      }
      throw new Error(`${DRAWS} places of the status list ${places.revocationListId} in a row are taken.`)
    }

    return {
      async write(tx) {
        await people.write(tx)
        const achievementIds = await texts.write(tx)
        const outcome = new Map(there)
        for (const row of inOrder) outcome.set(row.businessKey, await writeOne(tx, row, achievementIds[row.at]!))
        const created = inOrder.filter(({ businessKey }) => outcome.get(businessKey)!.created).length
        await quota.count(tx, organizationId, created, limit)
        return askedKeys.map((key) => outcome.get(key)!)
      },
    }
  }

  return {
    businessKey,
    prepare,
    async accept(wanted, options, transaction) {
      for (let attempt = 1; ; attempt++) {
        try {
          const prepared = await prepare(wanted, options)
          return await transaction(prepared.write)
        } catch (error) {
          const passes = error instanceof RecipientsChanged || error instanceof KeyNotLoaded
          if (!passes || attempt === ATTEMPTS) throw error
        }
      }
    },
  }
}
