import * as vc from '@digitalbazaar/vc'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import { loadContext } from '#platform/credentials/contexts.ts'

/**
 * Verifies with the reference implementation. Contexts are the bundled ones; the issuer's DID document is the one that is
 * given, so a key that it does not name does not verify.
 */
export async function verifyElsewhere(credential: unknown, didDocument: any): Promise<{ verified: boolean; error?: unknown }> {
  const methods: any[] = didDocument.verificationMethod
  const documentLoader = async (url: string) => {
    if (url === didDocument.id) return { contextUrl: null, documentUrl: url, document: didDocument }
    const method = methods.find(({ id }) => id === url)
    if (method) return { contextUrl: null, documentUrl: url, document: { '@context': 'https://w3id.org/security/multikey/v1', ...method } }
    return loadContext(url)
  }
  return vc.verifyCredential({
    // It wants one proof, or several of its suites: both of which an array of one is.
    credential: structuredClone(credential),
    suite: new DataIntegrityProof({ cryptosuite }),
    documentLoader,
    checkStatus: async () => ({ verified: true }),
  })
}
