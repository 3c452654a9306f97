import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import { installation } from '#platform/organization-id.ts'

/** The key that everything about people who sign in is sealed and digested with: load it before any of these. */
export const personKey = installation

const placeOf = (table: string, row: string) => ({ organizationId: installation, table, column: 'sealed', row })

/** A row's `sealed` column. */
export const sealRecord = (keys: KeyRing, table: string, id: string, record: object): Uint8Array =>
  keys.seal(personKey, placeOf(table, id), JSON.stringify(record))

export const openRecord = (keys: KeyRing, table: string, id: string, sealed: Uint8Array): Record<string, unknown> =>
  JSON.parse(keys.openText(placeOf(table, id), sealed)) as Record<string, unknown>

/** What a value is looked up by; equal values of different fields have different digests. */
export const lookupDigest = (keys: KeyRing, field: string, value: string): string => keys.digest(installation, `person ${field}`, value)

/** Addresses that differ in case alone are one. */
export const normalizedEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase()

/** Of an address of a person, or of one who was invited. */
export const emailDigest = (keys: KeyRing, email: string): string => lookupDigest(keys, 'user.email', normalizedEmail(email))
