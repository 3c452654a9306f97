import { createHash } from 'node:crypto'
import type { AuthorityClient } from '../authority-operations.ts'
import { checkedSecret } from '../crypto/checked-secret.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import type { Access } from './access.ts'

/** `vellum_…`: docs/decisions/0200. */
export const apiKeyForm = checkedSecret('vellum_')

/** Whether a bearer token is meant as an API key; every other one is an access token. */
export const looksLikeApiKey = (token: string): boolean => token.startsWith('vellum_')

/** What is stored of a key, and what is asked about: 43 characters. */
export const apiKeyHash = (key: string): string => createHash('sha256').update(key, 'utf8').digest('base64url')

export interface ApiKeyOptions {
  /** Asks the authority about the hash of a key. */
  readonly find: (hash: string) => ReturnType<AuthorityClient['apiKey']>
  readonly isRevoked?: (keyId: string) => boolean
  /** How long an answer stands, in milliseconds. */
  readonly freshMs: number
  readonly now?: () => Date
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic?: () => number
}

export interface ApiKeys {
  /** What a key permits. Throws `Problem('token-refused')`, or `unavailable` while nobody can be asked about a key. */
  verify(key: string): Promise<Access>
}

type Found = Awaited<ReturnType<AuthorityClient['apiKey']>>['key']

interface Answer {
  readonly key: Found
  /** From when on it is asked for anew. */
  askAt: number
  /** Until when it stands although nobody can be asked: as long as an access token lives. */
  readonly standsUntil: number
}

const remembered = 10_000
const standsMs = 600_000
const askAgainMs = 1_000

/**
 * Checks API keys in this process: the checksum first, which asks nobody; then what the authority said of the key's hash within
 * `freshMs`. While the authority is away, an answer stands for ten minutes. A key's expiry and revocation are looked at every time.
 */
export function createApiKeys(options: ApiKeyOptions): ApiKeys {
  const { find, isRevoked, freshMs } = options
  const now = options.now ?? (() => new Date())
  const monotonic = options.monotonic ?? (() => performance.now())
  // Apart, so that made-up keys do not push out real ones.
  const known = new Map<string, Answer>()
  const unknown = new Map<string, Answer>()
  const pending = new Map<string, Promise<Answer>>()

  async function ask(hash: string): Promise<Answer> {
    const at = monotonic()
    const { key } = await find(hash)
    const answer = { key, askAt: at + freshMs, standsUntil: at + standsMs }
    const [into, other] = key ? [known, unknown] : [unknown, known]
    other.delete(hash)
    into.delete(hash)
    into.set(hash, answer)
    if (into.size > remembered) into.delete(into.keys().next().value!)
    return answer
  }

  /** All who wait for the same key share one question. */
  const askOnce = (hash: string): Promise<Answer> => {
    let asked = pending.get(hash)
    if (!asked) pending.set(hash, (asked = ask(hash).finally(() => pending.delete(hash))))
    return asked
  }

  async function answerTo(hash: string): Promise<Answer> {
    const last = known.get(hash) ?? unknown.get(hash)
    const at = monotonic()
    if (last && at < last.askAt) return last
    try {
      return await askOnce(hash)
    } catch (cause) {
      if (last?.key === undefined || at >= last.standsUntil)
        throw new Problem('unavailable', 'API keys cannot be checked now; try again later.', { cause, retryAfterSeconds: 5 })
      last.askAt = at + askAgainMs
      return last
    }
  }

  return {
    async verify(text) {
      if (!apiKeyForm.isOne(text)) throw refused('The API key was cut or mistyped; copy the whole of it')
      const { key } = await answerTo(apiKeyHash(text))
      if (!key || isRevoked?.(key.id)) throw refused('The API key is unknown or revoked; make a new one')
      if (key.expiresAt <= now().toISOString()) throw refused('The API key has expired; make a new one')
      const { id, scopes } = key
      return { organizationId: OrganizationId.parse(key.organizationId), clientId: id, scopes, tokenId: id, actor: `key:${id}` }
    },
  }
}

const refused = (reason: string): Problem => new Problem('token-refused', `${reason}.`)
