import { didWebUrl } from '#platform/credentials/did.ts'
import type { ResolveDid } from '#platform/credentials/signing-key.ts'
import type { SafeFetch } from '#platform/outbound/safe-fetch.ts'
import { Problem } from '#platform/problem.ts'
import type { VerifyingContext } from '../verification-context.ts'
import { createRemembered } from './remembered.ts'

/** A key that was revoked is believed for so long; one that is new is asked for at once. */
const OWN_REMEMBERED = { most: 1_000, forMs: 15_000 }

const TIMEOUT_MS = 5_000
const MOST_BYTES = 256 * 1024

/**
 * Finds the document with a signer's keys: our own organizations' by contract, so that they verify without a network, every
 * other through the guard for addresses that strangers name.
 */
export function createResolveDid(
  { clients, publicUrl, now }: VerifyingContext,
  fetch: SafeFetch,
): ResolveDid {
  const own = `${publicUrl}/organizations/`
  const remembered = createRemembered<{ document: unknown; text: string }>({ ...OWN_REMEMBERED, now })
  return async (did, wanted) => {
    const url = did.startsWith('https://') ? did : didWebUrl(did)
    if (url === undefined) return undefined
    const slug = url.startsWith(own) ? /^([^/]+)\/did\.json$/.exec(url.slice(own.length))?.[1] : undefined
    if (slug !== undefined) {
      const known = remembered.get(slug)
      if (known?.text.includes(JSON.stringify(wanted))) return known.document
      const text = await ownDocument(clients, slug)
      if (text === undefined) return undefined
      const document: unknown = JSON.parse(text)
      remembered.set(slug, { document, text })
      return document
    }
    return fetchJson(fetch, url, 'application/did+json, application/json')
  }
}

async function ownDocument(clients: VerifyingContext['clients'], slug: string): Promise<string | undefined> {
  try {
    return (await clients.issuance.didDocument({ slug })).document
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return undefined
    throw error
  }
}

/** JSON behind a stranger's address, or undefined where there is certainly nothing. Throws when it cannot be told now. */
export async function fetchJson(fetch: SafeFetch, url: string, accept: string): Promise<unknown> {
  const { status, body } = await fetch(url, { headers: { accept }, timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES })
  if (status === 404 || status === 410) return undefined
  if (status !== 200) throw new Error(`The address answered with status ${status}.`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new Error('The address answered with something else than JSON.')
  }
}
