import type { KeyObject } from 'node:crypto'
import type { JsonObject } from '#platform/credentials/json.ts'
import { addProof, type SignedDocument } from '#platform/credentials/proof.ts'
import { createKnownShapes } from '#platform/credentials/shapes/known-shapes.ts'

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

// Shapes hold no key and decide nothing by issuer, so all issuers of a process share them.
const sharedShapes = createKnownShapes()

/**
 * @param privateKey Ed25519.
 * @param verificationMethod the key's whole id, as the issuer's DID document lists it.
 */
export function createSigner(
  { privateKey, verificationMethod, canonicalize = sharedShapes.canonicalize }: {
    privateKey: KeyObject
    verificationMethod: string
    canonicalize?: (document: JsonObject) => Promise<string>
  },
): Signer {
  return {
    verificationMethod,
    sign: (document, created) => addProof(document, { privateKey, verificationMethod, created, canonicalize }),
  }
}
