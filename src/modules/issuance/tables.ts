import { isNotNull } from 'drizzle-orm'
import { defineSchema } from '#platform/database/schema.ts'
import type { CredentialState } from './credential/state.ts'
import type { FileFormat } from './batch/file-format.ts'
import type { RowFault } from './batch/row-rules.ts'
import { accessTables } from './recipient-access/access-tables.ts'
import type { OwnTemplate } from './template/own-template.ts'

export type StatusPurpose = 'revocation' | 'suspension'
/** `cancelling`: what is not issued yet is being taken back. */
export type BatchState = 'importing' | 'issuing' | 'finished' | 'failed' | 'cancelling' | 'cancelled'
export type RecordOutcome = 'created' | 'existing' | 'refused'

/** What stands in a template version beside the design: plain text, one language. */
export interface TemplateContent {
  /** Id of a built-in design, or `own:` and the digest of one of the organization's own. */
  readonly design: string
  /** Printed between the recipient and the achievement; absent: the design's own words. */
  readonly statement?: string | undefined
  readonly description: string
  /** What had to be done for it. */
  readonly criteria: string
  readonly achievementType: string
  /**
   * Whether its credentials can be suspended: they then carry a second status entry, which the Open Badges 3.0 schema
   * does not foresee.
   */
  readonly suspendable?: boolean | undefined
}

export const schema = defineSchema('issuance', (kit) => ({
  templates: kit.tenantTable(
    'templates',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** Unique in the organization; a built-in design's name until somebody makes it their own. */
      slug: kit.text().notNull(),
      latestVersion: kit.integer().notNull(),
      createdAt: kit.instant().notNull(),
      archivedAt: kit.instant(),
    },
    (t) => [kit.uniqueIndex('templates_by_slug').on(t.organizationId, t.slug)],
  ),

  templateVersions: kit.tenantTable(
    'template_versions',
    {
      templateId: kit.text().notNull(),
      version: kit.integer().notNull(),
      organizationId: kit.text().notNull(),
      content: kit.json<TemplateContent>().notNull(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.templateId, t.version] })],
  ),

  /** Pages that organizations designed themselves, by what they say: versions that share one refer to the same. */
  templateDesigns: kit.tenantTable(
    'template_designs',
    {
      organizationId: kit.text().notNull(),
      /** SHA-256 of the page as JSON, in hexadecimal digits. */
      digest: kit.text().notNull(),
      template: kit.json<OwnTemplate>().notNull(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.organizationId, t.digest] })],
  ),

  /** Pictures for them; the pixels are in the blob `templates/images/{organizationId}/{id}`. */
  templateImages: kit.tenantTable(
    'template_images',
    {
      organizationId: kit.text().notNull(),
      /** SHA-256 of the picture as it is kept, in hexadecimal digits. */
      id: kit.text().notNull(),
      /** SHA-256 of the file as it was first sent: the same file again is the same picture. */
      sourceDigest: kit.text().notNull(),
      mediaType: kit.text().$type<'image/png' | 'image/jpeg'>().notNull(),
      width: kit.integer().notNull(),
      height: kit.integer().notNull(),
      bytes: kit.integer().notNull(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [
      kit.primaryKey({ columns: [t.organizationId, t.id] }),
      kit.index('template_images_by_source').on(t.organizationId, t.sourceDigest),
    ],
  ),

  achievements: kit.tenantTable(
    'achievements',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      name: kit.text().notNull(),
      description: kit.text().notNull(),
      criteria: kit.text().notNull(),
      achievementType: kit.text().notNull(),
      /** Of all that it says: the same words are the same achievement, other words another. */
      digest: kit.text().notNull(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [kit.uniqueIndex('achievements_by_digest').on(t.organizationId, t.digest)],
  ),

  /** Who an address is: the recipient's id was reserved by identity together with its data key. */
  recipients: kit.tenantTable(
    'recipients',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** Keyed digest of the normalized address; null once erased. */
      emailDigest: kit.text(),
      createdAt: kit.instant().notNull(),
      erasedAt: kit.instant(),
    },
    (t) => [kit.uniqueIndex('recipients_by_email').on(t.organizationId, t.emailDigest)],
  ),

  credentials: kit.tenantTable(
    'credentials',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      recipientId: kit.text().notNull(),
      templateId: kit.text().notNull(),
      templateVersion: kit.integer().notNull(),
      achievementId: kit.text().notNull(),
      batchId: kit.text(),
      /** Keyed digest of template, external id (else address) and occurrence: never twice. Random once erased. */
      businessKey: kit.text().notNull(),
      /** Random; `/v/{publicId}`. */
      publicId: kit.text().notNull(),
      /** Random; `{PUBLIC_URL}/credentials/{documentId}`. */
      documentId: kit.text().notNull(),
      state: kit.text().$type<CredentialState>().notNull(),
      /** JSON of `PersonalData`, sealed with the recipient's key. */
      personal: kit.bytes().notNull(),
      locale: kit.text().notNull(),
      completedOn: kit.text(),
      notify: kit.bool().notNull(),
      statusListId: kit.text().notNull(),
      /** Null when its template does not let it be suspended. */
      suspensionListId: kit.text(),
      statusIndex: kit.integer().notNull(),
      /** The signed credential, sealed with the recipient's key. */
      document: kit.bytes(),
      /** The blob of its PDF, which carries exactly this document. */
      certificate: kit.text(),
      /** Time of signing: the credential's `validFrom`. */
      signedAt: kit.instant(),
      issuedAt: kit.instant(),
      changedAt: kit.instant(),
      /** Since when nothing brings it further: its step is dead, or its recipient was erased before it was issued. */
      abandonedAt: kit.instant(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [
      kit.uniqueIndex('credentials_by_business_key').on(t.organizationId, t.businessKey),
      kit.uniqueIndex('credentials_by_status_index').on(t.statusListId, t.statusIndex),
      kit.index('credentials_by_batch').on(t.batchId, t.state, t.issuedAt).where(isNotNull(t.batchId)),
      kit.index('credentials_abandoned').on(t.batchId, t.state, t.abandonedAt).where(isNotNull(t.abandonedAt)),
      kit.index('credentials_by_recipient').on(t.recipientId),
      // The pages of a list: without it each would sort all that the organization has.
      kit.index('credentials_by_organization').on(t.organizationId, t.id),
    ],
  ),

  /** By which words a recipient is found; all of it in the key, which is read alone. Removed when the person is erased. */
  searchWords: kit.tenantTable(
    'search_words',
    {
      organizationId: kit.text().notNull(),
      /** Digests: see `IndexedWords`. */
      start: kit.text().notNull(),
      rest: kit.text().notNull(),
      recipientId: kit.text().notNull(),
    },
    (t) => [
      kit.primaryKey({ columns: [t.organizationId, t.start, t.recipientId, t.rest] }),
      kit.index('search_words_by_recipient').on(t.recipientId),
    ],
  ),

  /** A pair of lists, one per purpose, in which a credential has the same index. */
  statusLists: kit.tenantTable(
    'status_lists',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      purpose: kit.text().$type<StatusPurpose>().notNull(),
      /** The revocation list's id, in both of the pair. */
      pairId: kit.text().notNull(),
      bits: kit.bytes().notNull(),
      /** Counts changes of `bits`: a writer who read an older version begins again. */
      version: kit.integer().notNull(),
      /** The signed BitstringStatusListCredential over exactly these bits. */
      document: kit.text().notNull(),
      createdAt: kit.instant().notNull(),
      updatedAt: kit.instant().notNull(),
    },
    (t) => [kit.index('status_lists_by_organization').on(t.organizationId, t.purpose, t.createdAt)],
  ),

  signingKeys: kit.tenantTable(
    'signing_keys',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      did: kit.text().notNull(),
      /** `PUBLIC_URL` when it was made: it stands in every credential, so it is frozen from here on. */
      publicUrl: kit.text().notNull(),
      verificationMethod: kit.text().notNull(),
      publicKey: kit.text().notNull(),
      /** PKCS #8 DER, sealed with the organization's key. */
      privateKey: kit.bytes().notNull(),
      /** One active key an organization; null when retired, and then kept for ever. */
      activeFor: kit.text(),
      createdAt: kit.instant().notNull(),
      retiredAt: kit.instant(),
    },
    (t) => [
      kit.uniqueIndex('signing_keys_active').on(t.activeFor),
      kit.index('signing_keys_by_organization').on(t.organizationId),
    ],
  ),

  batches: kit.tenantTable(
    'batches',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      state: kit.text().$type<BatchState>().notNull(),
      /** Sealed pieces of the file as it was sent, of a workbook the rows that were read from it: `batches/{id}/{n}`. */
      pieces: kit.integer().notNull(),
      bytes: kit.integer().notNull(),
      format: kit.text().$type<FileFormat>().notNull().default('csv'),
      /** The headings of the file; empty for a batch from before they were kept. */
      header: kit.json<readonly string[]>().notNull().default([]),
      templateId: kit.text().notNull(),
      templateVersion: kit.integer().notNull(),
      /** For records that name none. */
      achievement: kit.text(),
      notify: kit.bool().notNull(),
      chosenColumns: kit.json<Readonly<Record<string, string>>>().notNull(),
      /** Records read so far: the import goes on behind them. */
      rows: kit.integer().notNull(),
      created: kit.integer().notNull(),
      existing: kit.integer().notNull(),
      refused: kit.integer().notNull(),
      /** Why the whole file was refused. */
      failure: kit.text(),
      createdAt: kit.instant().notNull(),
      importedAt: kit.instant(),
      finishedAt: kit.instant(),
      /** While set, nothing of it is begun: it is paused, or being cancelled. */
      pausedAt: kit.instant(),
      /** How many times it was paused, resumed or cancelled: each has a step of its own. */
      orders: kit.integer().notNull().default(0),
    },
    (t) => [
      kit.index('batches_by_organization').on(t.organizationId, t.id),
      kit.index('batches_by_state').on(t.organizationId, t.state, t.id),
      kit.index('batches_held').on(t.pausedAt).where(isNotNull(t.pausedAt)),
    ],
  ),

  /** Files whose first piece may be stored and whose batch is not accepted: what is old here was left behind. */
  openUploads: kit.tenantTable(
    'open_uploads',
    {
      /** The batch's id to be. */
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      startedAt: kit.instant().notNull(),
    },
    (t) => [kit.index('open_uploads_by_age').on(t.startedAt)],
  ),

  batchRecords: kit.tenantTable(
    'batch_records',
    {
      batchId: kit.text().notNull(),
      record: kit.integer().notNull(),
      organizationId: kit.text().notNull(),
      outcome: kit.text().$type<RecordOutcome>().notNull(),
      /** Keyed digest, to find a second record for the same credential in the same file. */
      businessKey: kit.text(),
      credentialId: kit.text(),
      fault: kit.json<RowFault>(),
      /** JSON of a refused record's cells, sealed with the organization's key; null again after 30 days, or when erased. */
      cells: kit.bytes(),
      /** Keyed digest of the address in those cells, by which an erasure finds them. */
      emailDigest: kit.text(),
    },
    (t) => [
      kit.primaryKey({ columns: [t.batchId, t.record] }),
      kit.uniqueIndex('batch_records_by_business_key').on(t.batchId, t.businessKey),
      kit.index('batch_records_by_outcome').on(t.batchId, t.outcome, t.record),
      kit.index('batch_records_by_email').on(t.organizationId, t.emailDigest).where(isNotNull(t.emailDigest)),
    ],
  ),

  /** How many credentials an organization was given in a month: every one that was accepted counts, whatever became of it. */
  usage: kit.tenantTable(
    'usage',
    {
      organizationId: kit.text().notNull(),
      /** Such as 2026-11, in UTC. */
      month: kit.text().notNull(),
      credentials: kit.integer().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.organizationId, t.month] })],
  ),

  ...accessTables(kit),
}))

export type IssuanceTables = ReturnType<typeof schema.postgres>['tables']

/** The sealed part of a credential. */
export interface PersonalData {
  readonly name: string
  readonly email: string
}
