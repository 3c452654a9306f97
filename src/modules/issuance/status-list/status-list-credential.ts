import { CREDENTIALS_V2 } from '#platform/credentials/contexts.ts'
import { formatInstant } from '#platform/credentials/instant.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { encodeList } from './bitstring.ts'

export type StatusListInput = {
  /** `{PUBLIC_URL}/status/{id}`: the address of this list, for ever. */
  url: string
  issuerDid: string
  purpose: 'revocation' | 'suspension'
  bitstring: Uint8Array
  /** When this edition of the list is signed. */
  validFrom: Date
  /** How long a reader may keep it. */
  timeToLiveMs: number
}

/** A BitstringStatusListCredential, ready to be signed: W3C Bitstring Status List 1.0, section 2.2. */
export function buildStatusListCredential(input: StatusListInput): JsonObject {
  return {
    '@context': [CREDENTIALS_V2],
    id: input.url,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: input.issuerDid,
    validFrom: formatInstant(input.validFrom),
    credentialSubject: {
      id: `${input.url}#list`,
      type: 'BitstringStatusList',
      statusPurpose: input.purpose,
      encodedList: encodeList(input.bitstring),
      ttl: input.timeToLiveMs,
    },
  }
}
