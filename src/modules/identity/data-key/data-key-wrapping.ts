import { envelopeBeginning, openEnvelope, sealEnvelope } from '#platform/crypto/envelope.ts'
import { createHmac } from 'node:crypto'
import type { OrganizationId } from '#platform/organization-id.ts'

/** Which data key: it is sealed for its own row, so that one key's bytes cannot be put in the place of another's. */
export interface DataKeyName {
  readonly subject: string
  readonly version: number
  readonly organizationId: OrganizationId
}

const placeOf = ({ subject, version, organizationId }: DataKeyName) => ({
  organizationId,
  table: 'data_keys',
  column: 'wrapped_key',
  row: `${subject}:${version}`,
})

/** Names a master key without telling anything about it: 16 hexadecimal digits. */
export const masterKeyId = (masterKey: Uint8Array): string =>
  createHmac('sha256', masterKey).update('vellum master key id').digest('hex').slice(0, 16)

/** How every data key begins that this master key wrapped, and no other. */
export const wrappedBeginning = (masterId: string): Uint8Array => envelopeBeginning({ subject: `master:${masterId}`, keyVersion: 1 })

/** The data key as it is stored: an envelope whose subject is `master:{id of the master key}`. */
export const wrapDataKey = (masterKey: Uint8Array, name: DataKeyName, key: Uint8Array): Uint8Array =>
  sealEnvelope(masterKey, { subject: `master:${masterKeyId(masterKey)}`, keyVersion: 1 }, placeOf(name), key)

/** @throws {EnvelopeError} with another master key, or when the row is not the one that it was wrapped for */
export const unwrapDataKey = (masterKey: Uint8Array, name: DataKeyName, wrapped: Uint8Array): Uint8Array =>
  openEnvelope(masterKey, placeOf(name), wrapped)

