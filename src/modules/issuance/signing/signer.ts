import type { KeyObject } from 'node:crypto'
import type { JsonObject } from '#platform/credentials/json.ts'
import { addProof, type SignedDocument } from '#platform/credentials/proof.ts'

/** Signs credentials for one issuer with one key. */
export type Signer = {
  /** The whole id of the key. */
  verificationMethod: string
  /**
   * The document with one `eddsa-rdfc-2022` proof, in a list. The same document, key and second give the same bytes.
   *
   * @throws UnknownContextError, InvalidDocumentError, TypeError where the document is signed already
   */
  sign: (document: JsonObject, created: Date) => Promise<SignedDocument>
}

export function createSigner(
  { privateKey, verificationMethod }: { privateKey: KeyObject, verificationMethod: string },
): Signer {
  return {
    verificationMethod,
    sign: (document, created) => addProof(document, { privateKey, verificationMethod, created }),
  }
}
