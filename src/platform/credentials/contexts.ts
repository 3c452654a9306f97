import type { JsonObject } from './json.ts'
import bundled from './contexts.json' with { type: 'json' }

const contexts: ReadonlyMap<string, JsonObject> = new Map(Object.entries(bundled as Record<string, JsonObject>))

export const CREDENTIALS_V1 = 'https://www.w3.org/2018/credentials/v1'
export const CREDENTIALS_V2 = 'https://www.w3.org/ns/credentials/v2'
export const OPEN_BADGES_V3 = 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json'
export const DID_V1 = 'https://www.w3.org/ns/did/v1'
export const MULTIKEY_V1 = 'https://w3id.org/security/multikey/v1'

/** A document names a JSON-LD context that Vellum does not carry. */
export class UnknownContextError extends Error {
  readonly code = 'unknown_context'
  readonly url: string

  constructor(url: string) {
    super(`The JSON-LD context ${JSON.stringify(url)} is not bundled, and contexts are never fetched.`)
    this.name = 'UnknownContextError'
    this.url = url
  }
}

/** The URLs of all bundled contexts. */
export function bundledContextUrls(): string[] {
  return [...contexts.keys()]
}

/**
 * JSON-LD document loader over the bundled contexts. It never touches the network: a context that is fetched can
 * change, and with it the meaning of what was signed.
 *
 * @throws UnknownContextError for every other URL.
 */
export async function loadContext(url: string) {
  const document = contexts.get(url)
  if (document === undefined) throw new UnknownContextError(url)
  // `static` lets jsonld keep the processed context between calls.
  return { contextUrl: null, documentUrl: url, document, tag: 'static' as const }
}
