import { asc, eq, ne } from 'drizzle-orm'
import { createPrivateKey } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { ConfigurationError } from '#platform/config.ts'
import { canonicalize } from '#platform/credentials/canonicalize.ts'
import { didDocument, didKeyFromPublicKey, didWebFor, verificationMethodId } from '#platform/credentials/did.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { encodePublicKey, generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { SigningKey } from '../credential/signed-document.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { forgetOldest } from '../organization-profiles.ts'
import { createSigner } from './signer.ts'

export interface OrganizationSigner {
  /** The issuer's id: did:web with TLS, did:key on plain http. */
  readonly did: string
  /** For threads that sign on their own; they keep it no longer than it is kept here. */
  readonly key: SigningKey
  sign(document: JsonObject, created: Date): Promise<JsonObject>
  /** The same for a document that somebody else made: it takes the general way, and teaches no shape. */
  signForeign(document: JsonObject, created: Date): Promise<JsonObject>
}

export interface OrganizationKeys {
  /** The active key's signer; the first call makes the key, and freezes the organization's slug. */
  signer(organizationId: OrganizationId): Promise<OrganizationSigner>
  /** Throws `ConfigurationError` when credentials were issued under another `PUBLIC_URL`: their addresses would break. */
  checkPublicUrl(): Promise<void>
  /** The DID document with all keys, retired ones too. Throws `Problem('not-found')` where nothing was issued yet. */
  didDocument(organizationId: OrganizationId): Promise<JsonObject>
}

/** Ed25519 keys of organizations, sealed with the organization's data key, in memory for a minute after use. */
export function createOrganizationKeys(
  { database, clients, keys, publicUrl, now }: IssuanceContext,
): OrganizationKeys {
  const MAX_AGE_MS = 60_000
  const held = new Map<string, { signer: Promise<OrganizationSigner>; until: number }>()
  const place = (organizationId: OrganizationId, row: string) => ({
    organizationId,
    table: 'signing_keys',
    column: 'private_key',
    row,
  })

  const active = async (organizationId: OrganizationId) => {
    const { signingKeys } = database.tables
    const [row] = await database.read.select().from(signingKeys).where(eq(signingKeys.activeFor, organizationId))
    return row
  }

  async function makeKey(organizationId: OrganizationId): Promise<void> {
    // Its answer, not the remembered profile: only a frozen slug may stand in an address.
    const { slug } = await clients.identity.freezeOrganization({ id: organizationId })
    const { privateKey, publicKey } = generateEd25519KeyPair()
    const did = publicUrl.startsWith('https:')
      ? didWebFor(publicUrl, `organizations/${slug}`)
      : didKeyFromPublicKey(publicKey)
    const id = uuidv7()
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
    await database.transaction(async (tx) => {
      const written = await tx
        .insert(tx.tables.signingKeys)
        .values({
          id,
          organizationId,
          did,
          publicUrl,
          verificationMethod: verificationMethodId(did, publicKey),
          publicKey: encodePublicKey(publicKey),
          privateKey: keys.seal(organizationId, place(organizationId, id), pkcs8),
          activeFor: organizationId,
          createdAt: now(),
        })
        .onConflictDoNothing({ target: [tx.tables.signingKeys.activeFor] })
        .returning({ id: tx.tables.signingKeys.id })
      if (written.length > 0)
        await tx.audit({ organizationId, action: 'signing-key.created', target: id, details: { did } })
    })
  }

  async function loadSigner(organizationId: OrganizationId): Promise<OrganizationSigner> {
    await keys.load([organizationId])
    let row = await active(organizationId)
    if (!row) {
      await makeKey(organizationId)
      row = await active(organizationId)
    }
    if (!row) throw new Error('A signing key that was just written is not there.')
    const pkcs8 = keys.open(place(organizationId, row.id), row.privateKey)
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    const { did, verificationMethod } = row
    const signer = createSigner({ privateKey, verificationMethod })
    const foreign = createSigner({ privateKey, verificationMethod, canonicalize })
    return {
      did,
      key: { verificationMethod, pkcs8 },
      sign: (document, created) => signer.sign(document, created),
      signForeign: (document, created) => foreign.sign(document, created),
    }
  }

  return {
    signer(organizationId) {
      const entry = held.get(organizationId)
      if (entry && entry.until > now().getTime()) return entry.signer
      const signer = loadSigner(organizationId)
      held.delete(organizationId)
      held.set(organizationId, { signer, until: now().getTime() + MAX_AGE_MS })
      forgetOldest(held)
      signer.catch(() => held.delete(organizationId))
      return signer
    },

    async checkPublicUrl() {
      const { signingKeys } = database.tables
      const [other] = await database.read
        .select({ publicUrl: signingKeys.publicUrl })
        .from(signingKeys)
        .where(ne(signingKeys.publicUrl, publicUrl))
        .limit(1)
      if (other)
        throw new ConfigurationError([
          `PUBLIC_URL: credentials were issued under ${other.publicUrl}, and their addresses are for ever; set it to that.`,
        ])
    },

    async didDocument(organizationId) {
      const { signingKeys } = database.tables
      const rows = await database.read
        .select()
        .from(signingKeys)
        .where(eq(signingKeys.organizationId, organizationId))
        .orderBy(asc(signingKeys.createdAt))
      const [first] = rows
      if (!first) throw new Problem('not-found', 'This organization has issued nothing yet, so it has no keys to show.')
      return {
        ...didDocument({
          did: first.did,
          keys: rows.map(({ verificationMethod, publicKey }) => ({
            id: verificationMethod,
            publicKeyMultibase: publicKey,
          })),
        }),
      }
    },
  }
}
