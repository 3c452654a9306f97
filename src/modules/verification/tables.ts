import { defineSchema } from '#platform/database/schema.ts'
import type { AnchorProgress } from './anchor/anchor-state.ts'

export type ProjectedStatus = 'active' | 'suspended' | 'revoked' | 'superseded'

export const schema = defineSchema('verification', (kit) => ({
  /** Every issued credential version, so that its page answers when issuance is away. */
  credentials: kit.tenantTable(
    'credentials',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      recipientId: kit.text().notNull(),
      /** Several versions may share one; the newest is current. */
      publicId: kit.text().notNull(),
      documentId: kit.text().notNull(),
      /** The achievement's own id; null where the credential names none. */
      achievementId: kit.text(),
      /** JSON of `ProjectedCredential`, sealed with the recipient's key; empty once erased. */
      content: kit.bytes().notNull(),
      status: kit.text().$type<ProjectedStatus>().notNull(),
      statusChangedAt: kit.instant(),
      issuedAt: kit.instant().notNull(),
      erasedAt: kit.instant(),
    },
    (t) => [
      kit.uniqueIndex('credentials_by_document').on(t.documentId),
      kit.index('credentials_by_public_id').on(t.publicId, t.issuedAt),
      kit.index('credentials_by_recipient').on(t.recipientId),
      kit.index('credentials_by_achievement').on(t.organizationId, t.achievementId, t.status),
    ],
  ),

  /** What organizations award, for their public pages. An achievement never changes its words: other words, another id. */
  achievements: kit.tenantTable(
    'achievements',
    {
      organizationId: kit.text().notNull(),
      /** As it stands in its credentials. */
      id: kit.text().notNull(),
      name: kit.text().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.organizationId, t.id] })],
  ),

  /** The log's entries: salted digests, one per issued event. Of the installation, whoever issued. */
  leaves: kit.table(
    'leaves',
    {
      eventId: kit.id().primaryKey(),
      credentialId: kit.text().notNull(),
      organizationId: kit.text().notNull(),
      /** 32 bytes: docs/decisions/0030. */
      leaf: kit.bytes().notNull(),
      /** UUIDv7: the order in which the appender takes what waits. */
      arrival: kit.text().notNull(),
      /** Null until the appender gave it its place for ever. */
      leafIndex: kit.integer(),
    },
    (t) => [
      kit.uniqueIndex('leaves_by_index').on(t.leafIndex),
      kit.uniqueIndex('leaves_by_credential').on(t.credentialId),
      kit.index('leaves_waiting').on(t.leafIndex, t.arrival),
      kit.index('leaves_by_organization').on(t.organizationId, t.leafIndex),
    ],
  ),

  /** Hashes of complete subtrees: written once, never changed. */
  nodes: kit.table(
    'nodes',
    { level: kit.integer().notNull(), position: kit.integer().notNull(), hash: kit.bytes().notNull() },
    (t) => [kit.primaryKey({ columns: [t.level, t.position] })],
  ),

  /** One row. Appending changes `size`, so that two appenders can never give the same place twice. */
  logState: kit.table('log_state', { id: kit.id().primaryKey(), size: kit.integer().notNull() }),

  /** The Ed25519 key that signs checkpoints, and nothing else. */
  logKeys: kit.table('log_keys', {
    id: kit.id().primaryKey(),
    publicKey: kit.bytes().notNull(),
    /** 32 bytes, sealed with the installation's key. */
    seed: kit.bytes().notNull(),
    createdAt: kit.instant().notNull(),
  }),

  checkpoints: kit.table('checkpoints', {
    size: kit.integer().primaryKey(),
    root: kit.bytes().notNull(),
    /** The signed note, as it is served. */
    note: kit.text().notNull(),
    createdAt: kit.instant().notNull(),
  }),

  /** Checkpoints of this log that the world has seen and this database did not sign: the log goes on behind them alone. */
  publishedCheckpoints: kit.table('published_checkpoints', {
    size: kit.integer().primaryKey(),
    root: kit.bytes().notNull(),
    note: kit.text().notNull(),
  }),

  /** Entries that stand in the world's copy of the log, until they have their old places here again. */
  recoveredLeaves: kit.table('recovered_leaves', { leafIndex: kit.integer().primaryKey(), leaf: kit.bytes().notNull() }),

  /** One row: whether checkpoints wait for an anchor, and which step alone may act. */
  anchoring: kit.table('anchoring', {
    id: kit.id().primaryKey(),
    /** The step with this number may record what it did; every other is stale. */
    tick: kit.integer().notNull(),
    /** The newest checkpoint. Written with each, so that starting and ending a round conflict instead of missing each other. */
    latestSize: kit.integer().notNull(),
    /** A round is on: leaves gather, or an anchor is on its way. */
    active: kit.bool().notNull(),
  }),

  /** One address on one chain. */
  chains: kit.table('chains', {
    /** `{chainId}:{address}`. */
    id: kit.id().primaryKey(),
    chainId: kit.integer().notNull(),
    address: kit.text().notNull(),
    /** Our own deployment, once final. */
    contractAddress: kit.text(),
    nextNonce: kit.integer().notNull(),
  }),

  /** What was sent to a chain, or is about to be: checkpoints, and the one deployment of the contract. */
  anchors: kit.table(
    'anchors',
    {
      /** UUIDv7. */
      id: kit.id().primaryKey(),
      chain: kit.text().notNull(),
      kind: kit.text().$type<'deployment' | 'checkpoint'>().notNull(),
      contractAddress: kit.text().notNull(),
      /** Of a deployment: 0 and no bytes. */
      size: kit.integer().notNull(),
      root: kit.bytes().notNull(),
      state: kit.text().$type<AnchorProgress['state']>().notNull(),
      progress: kit.json<AnchorProgress>().notNull(),
      /** Set when final: it is the first final anchor of the leaves from here to `size`. */
      firstLeaf: kit.integer(),
      transactionHash: kit.text(),
      blockNumber: kit.integer(),
      createdAt: kit.instant().notNull(),
      finalAt: kit.instant(),
    },
    (t) => [kit.index('anchors_by_state').on(t.state, t.kind, t.size), kit.index('anchors_by_chain').on(t.chain, t.id)],
  ),
}))

export type VerificationTables = ReturnType<typeof schema.postgres>['tables']
