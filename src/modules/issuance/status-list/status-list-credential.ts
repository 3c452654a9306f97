import { CREDENTIALS_V2 } from '#platform/credentials/contexts.ts'
import { formatInstant } from '#platform/credentials/instant.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { statusListUrl } from '../credential/open-badge.ts'
import { encodeList } from './bitstring.ts'

export type StatusListInput = {
  /** `PUBLIC_URL`, the address of the installation. */
  publicUrl: string
  listId: string
  /** The DID that signs, which is the one that issues the credentials of the list. */
  issuer: string
  purpose: 'revocation' | 'suspension'
  bits: Uint8Array
  /** When this edition of the list is signed. */
  validFrom: Date
}

/** How long a reader may keep a list before it asks again: the specification's default, said aloud. */
export const STATUS_LIST_TTL_MS = 300_000

/** A BitstringStatusListCredential, ready to be signed: W3C Bitstring Status List 1.0, section 2.2. */
export function buildStatusListCredential(input: StatusListInput): JsonObject {
  const url = statusListUrl(input.publicUrl, input.listId)
  return {
    '@context': [CREDENTIALS_V2],
    id: url,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: input.issuer,
    validFrom: formatInstant(input.validFrom),
    credentialSubject: {
      id: `${url}#list`,
      type: 'BitstringStatusList',
      statusPurpose: input.purpose,
      encodedList: encodeList(input.bits),
      ttl: STATUS_LIST_TTL_MS,
    },
  }
}
