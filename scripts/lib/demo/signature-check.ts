import { gunzipSync } from 'node:zlib'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import * as vc from '@digitalbazaar/vc'
import contexts from '#platform/credentials/contexts.json' with { type: 'json' }

export type Json = Record<string, unknown>
type Fetch = (url: string) => Promise<Json>
type StatusEntry = { statusPurpose: string; statusListIndex: string; statusListCredential: string }

/** https://w3c-ccg.github.io/did-method-web/, "Read": the address of a DID's document. */
export function didWebUrl(did: string): string {
  const [host = '', ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent)
  return `https://${host}/${path.length > 0 ? path.join('/') : '.well-known'}/did.json`
}

/**
 * Checks credentials as a stranger would: `@digitalbazaar/vc`, contexts from a file, the DID document and the status list
 * fetched from the instance, each once. Throws a sentence when a credential does not verify.
 */
export function createSignatureCheck(fetchJson: Fetch): (credential: Json) => Promise<void> {
  const fetched = new Map<string, Promise<Json>>()
  const once = (url: string): Promise<Json> => {
    const known = fetched.get(url) ?? fetchJson(url)
    fetched.set(url, known)
    return known
  }
  const bundled = new Map(Object.entries(contexts as unknown as Record<string, Json>))

  async function documentLoader(url: string) {
    const document = bundled.get(url) ?? (await didPart(url))
    return { contextUrl: null, documentUrl: url, document, tag: bundled.has(url) ? 'static' : undefined }
  }

  /** A DID's document, or the part of it that a fragment names. */
  async function didPart(url: string): Promise<Json> {
    const [did = '', fragment] = url.split('#')
    if (!did.startsWith('did:web:')) throw new Error(`Nothing is loaded from ${url}.`)
    const document = await once(didWebUrl(did))
    if (fragment === undefined) return document
    const methods = (document.verificationMethod ?? []) as Json[]
    const method = methods.find(({ id }) => id === url)
    if (!method) throw new Error(`The document of ${did} has no ${fragment}.`)
    return { '@context': 'https://w3id.org/security/multikey/v1', ...method }
  }

  const suite = () => new DataIntegrityProof({ cryptosuite })
  const verify = async (credential: Json, checkStatus?: (options: unknown) => Promise<{ verified: boolean }>) => {
    const result = await vc.verifyCredential({
      credential, suite: suite(), documentLoader, ...(checkStatus && { checkStatus }),
    })
    if (!result.verified) throw new Error(`A credential does not verify: ${JSON.stringify(result.error)?.slice(0, 500)}`)
  }

  const lists = new Map<string, Promise<Buffer>>()
  /** The bits of a status list, once its own signature holds. Bitstring Status List 1.0, section 3.2. */
  async function bitsOf(url: string): Promise<Buffer> {
    const list = await once(url)
    await verify(list)
    const { encodedList } = list.credentialSubject as { encodedList: string }
    return gunzipSync(Buffer.from(encodedList.slice(1), 'base64url'))
  }
  async function isSet({ statusListCredential: url, statusListIndex }: StatusEntry): Promise<boolean> {
    const bits = lists.get(url) ?? bitsOf(url)
    lists.set(url, bits)
    const index = Number(statusListIndex)
    return (((await bits)[index >> 3] as number) & (0x80 >> (index & 7))) !== 0
  }

  return (credential) =>
    verify(credential, async () => {
      const entries = [credential.credentialStatus ?? []].flat() as StatusEntry[]
      const set = await Promise.all(entries.map(isSet))
      return { verified: entries.length > 0 && !set.includes(true) }
    })
}
