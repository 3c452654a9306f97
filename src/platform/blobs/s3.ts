import { AwsClient } from 'aws4fetch'
import { ConfigurationError } from '../config.ts'
import type { KeyRing } from '../crypto/key-ring-types.ts'
import { Problem } from '../problem.ts'
import type { Blobs } from './blobs.ts'
import { s3Address } from './s3-address.ts'
import { headBytes, sealedBlobs, type SealedFiles, segments } from './sealed-blobs.ts'

export interface S3BlobsOptions {
  /** `S3_URL`. */
  readonly url: string
  readonly module: string
  readonly keys: KeyRing
}

/** Milliseconds for one request. */
const TIMEOUT_MS = 30_000
const DELETIONS_AT_ONCE = 8
/** The store's clock and this process's. */
const CLOCKS_DIFFER_MS = 60_000

/** The store answers, and says no: a key, a bucket or a policy is wrong. */
class S3Refused extends Error {
  override name = 'S3Refused'
}

/**
 * Sealed files as objects `{prefix}{module}/{name}` of a bucket that speaks Amazon's S3 protocol, by path-style
 * addresses and Signature Version 4. One object is put whole or not at all; a put is seen by every later read.
 */
export const s3Blobs = ({ url, module, keys }: S3BlobsOptions): Blobs => sealedBlobs({ module, keys, files: s3Files({ url, module }) })

export function s3Files({ url, module }: Omit<S3BlobsOptions, 'keys'>): SealedFiles {
  const bucket = openBucket(url)
  const root = `${segments(module, 1).join('/')}/`
  return {
    put: (name, sealed) => bucket.put(root + name, sealed),
    async replace(name, sealed) {
      if (await bucket.get(root + name, 1)) await bucket.put(root + name, sealed)
    },
    get: (name) => bucket.get(root + name),
    head: (name) => bucket.get(root + name, headBytes),
    async names(folder, start) {
      const found = await bucket.list(root + folder + start, { inFolder: true })
      return found.map((key) => key.slice(root.length + folder.length))
    },
    async *list(since) {
      const from = since && new Date(since.getTime() - CLOCKS_DIFFER_MS)
      for (const key of await bucket.list(root, { inFolder: false, since: from })) yield key.slice(root.length)
    },
    delete: (name) => bucket.delete(root + name),
    async deleteFolder(name) {
      const left = await bucket.list(`${root}${name}/`, { inFolder: false })
      const lane = async () => {
        for (let key = left.pop(); key !== undefined; key = left.pop()) await bucket.delete(key)
      }
      await Promise.all(Array.from({ length: DELETIONS_AT_ONCE }, lane))
    },
  }
}

/**
 * Throws one sentence unless the bucket can be listed and, with `write`, written: `ConfigurationError` where the settings
 * are wrong.
 */
export async function checkBucket(url: string, { write }: { write: boolean }): Promise<void> {
  const bucket = openBucket(url)
  try {
    await bucket.list('vellum-check', { inFolder: true })
    if (write) await bucket.put('vellum-check', new TextEncoder().encode('Vellum writes this at every start.\n'))
  } catch (error) {
    const { cause } = error as Problem
    if (cause instanceof S3Refused)
      throw new ConfigurationError([`S3_URL: ${cause.message}; check its name, the region, and that the keys may list, read, write and delete.`])
    throw new Error('S3_URL: the bucket does not answer; start its server, or correct the address.', { cause: error })
  }
}

/** Keys are given without the prefix of the address, and come back so. */
function openBucket(url: string) {
  const { root, prefix, bucket, ...credentials } = s3Address(url)
  const client = new AwsClient({ ...credentials, service: 's3', retries: 3, initRetryMs: 50 })

  /** Undefined where there is no such object. */
  async function ask(method: string, at: URL, body?: Uint8Array, headers?: Record<string, string>): Promise<Response | undefined> {
    let response: Response
    try {
      response = await client.fetch(at, {
        method,
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
        ...(headers && { headers }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
    } catch (error) {
      throw new Problem('unavailable', 'The store of files does not answer; try again in a moment.', { cause: error })
    }
    if (response.ok) return response
    const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? ''
    if (response.status === 404 && code !== 'NoSuchBucket') return undefined
    // A key or a bucket that is wrong says nothing about the file: whoever waits goes on once it is right again.
    const Reason = response.status < 500 && response.status !== 429 ? S3Refused : Error
    const reason = new Reason(`the bucket ${bucket} answers ${response.status} ${code}`.trim())
    throw new Problem('unavailable', 'The store of files cannot answer now; try again in a moment.', { cause: reason })
  }
  const addressOf = (key: string) => new URL(`${root.pathname}/${prefix}${key}`, root)

  return {
    async put(key: string, bytes: Uint8Array): Promise<void> {
      const response = await ask('PUT', addressOf(key), bytes)
      await response?.body?.cancel()
    },
    /** The whole, or no more than so many bytes of its beginning. */
    async get(key: string, most?: number): Promise<Uint8Array | undefined> {
      const range = most === undefined ? undefined : { range: `bytes=0-${most - 1}` }
      const bytes = await (await ask('GET', addressOf(key), undefined, range))?.bytes()
      return most === undefined ? bytes : bytes?.subarray(0, most)
    },
    async delete(key: string): Promise<void> {
      await (await ask('DELETE', addressOf(key)))?.body?.cancel()
    },
    /** All keys that begin like this, page by page. `inFolder`: none that goes on behind a slash. `since`: none that is older. */
    async list(beginning: string, { inFolder, since }: { inFolder: boolean; since?: Date | undefined }): Promise<string[]> {
      const keys: string[] = []
      let more: string | undefined
      do {
        const at = new URL(root)
        at.search = new URLSearchParams({
          'list-type': '2',
          prefix: prefix + beginning,
          ...(inFolder && { delimiter: '/' }),
          ...(more !== undefined && { 'continuation-token': more }),
        }).toString()
        const page = (await (await ask('GET', at))?.text()) ?? ''
        // Names are of letters, digits and -_./ alone, so that nothing in a key is escaped.
        for (const [, object = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
          const key = /<Key>([^<]+)<\/Key>/.exec(object)?.[1] ?? ''
          const changedAt = Date.parse(/<LastModified>([^<]+)<\/LastModified>/.exec(object)?.[1] ?? '')
          if (since === undefined || !(changedAt < since.getTime())) keys.push(key.slice(prefix.length))
        }
        more = /<NextContinuationToken>([^<]+)<\/NextContinuationToken>/.exec(page)?.[1]?.replaceAll('&amp;', '&')
      } while (more !== undefined)
      return keys
    },
  }
}
