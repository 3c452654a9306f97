import { hash } from 'node:crypto'
import { and, eq, inArray, lt, placeholder, type SQL } from 'drizzle-orm'
import type { Context as HonoContext } from 'hono'
import { inContext } from '../context.ts'
import type { KeyRing, SealPlace } from '../crypto/key-ring-types.ts'
import type { Database, Transaction } from '../database/database.ts'
import { platformQuery } from '../database/prepared.ts'
import type { PlatformDatabase, RawTransaction } from '../database/transaction.ts'
import { failpoint } from '../failpoints.ts'
import { Problem } from '../problem.ts'
import type { Access } from './access.ts'

/** How long a second request with the same key waits for the first, in milliseconds. */
const waitMs = 2_000
/** How long an answer is kept. The permanent guard is the business key of what was made. */
const keptMs = 30 * 24 * 3_600_000

export interface IdempotentAnswer {
  /** 200 to 299: a refusal is thrown as a `Problem`, which rolls everything back and stores nothing. */
  readonly status: 200 | 201 | 202
  /** JSON; ids and links rather than what a person typed, for it is kept as long as the key. */
  readonly body: unknown
  /** Such as `location`. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface IdempotentOptions<T> {
  readonly database: Database<T>
  readonly keys: KeyRing
  readonly access: Access
  /** Refuse a request without a key. Otherwise such a request simply runs. */
  readonly required?: boolean
  /** What the request asks for, where the body was read as a stream: compared instead of the body's bytes. */
  readonly content?: string
  /** All effects of the request, in the transaction in which the answer is stored. May run twice; see `Transaction`. */
  readonly run: (tx: Transaction<T>) => Promise<IdempotentAnswer>
}

/**
 * Runs a public write at most once for each `Idempotency-Key` of an organization. The key's row, the sealed answer and
 * everything that `run` does commit together, so there is no moment in which one exists without the other.
 *
 * A repeated request gets the stored answer, byte for byte, with `Idempotency-Replayed: true`; one that comes while
 * the first still runs waits two seconds, then gets `idempotency-in-progress`; the same key with another method, address
 * or body gets `idempotency-mismatch`. What `run` throws is not stored: the same key may be used again.
 */
export async function idempotent<T>(c: HonoContext<any>, options: IdempotentOptions<T>): Promise<Response> {
  const { keys, run } = options
  const database = options.database as PlatformDatabase<T>
  const { organizationId } = options.access
  const key = keyOf(c.req.header('idempotency-key'), options.required ?? false)
  if (key === undefined) {
    const { status, body, headers } = await database.transaction(run)
    return answer({ status, headers: headers ?? {}, body: encode(body) })
  }
  const content = options.content ?? (await contentOf(c))
  await keys.load([organizationId])
  const bodyHash = hash('sha256', content, 'base64url')
  // Behind scheme and host.
  const address = c.req.url.slice(c.req.url.indexOf('/', 8))
  const request = `${c.req.method} ${address} ${bodyHash}`
  const requestDigest = keys.digest(organizationId, 'idempotency', request)
  const place: SealPlace = { organizationId, table: 'idempotency', column: 'body', row: key }
  const which = { organizationId, key, requestDigest }
  let mine = false
  let givenUp = false

  const stored = database.platformTransaction(async (tx, raw) => {
    mine = await claim(raw, which)
    if (givenUp) throw inProgress()
    if (!mine) return replay(raw, which, (sealed) => keys.open(place, sealed))
    const { status, body, headers = {} } = await run(tx)
    if (status < 200 || status > 299) throw new Error(`An idempotent answer is a success, not ${status}`)
    const bytes = encode(body)
    await complete(raw, which, { status, headers, body: keys.seal(organizationId, place, bytes) })
    return { status, headers, body: bytes }
  })
  const giveUp = () => {
    if (!mine) givenUp = true
    return givenUp
  }
  // SQLite has one writer, so there no request waits for another with the same key alone.
  const known = await (database.dialect === 'sqlite' ? stored : withinWait(stored, giveUp))
  failpoint('before-answer')
  return answer(known)
}

/** JSON was read as text by then. */
const contentOf = async (c: HonoContext<any>): Promise<string | Uint8Array> =>
  'text' in c.req.bodyCache ? c.req.text() : new Uint8Array(await c.req.arrayBuffer())

interface Which {
  readonly organizationId: string
  readonly key: string
  readonly requestDigest: string
}

interface StoredAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** With `status` 0 only claimed, as yet without an answer. */
const insertAnswer = platformQuery<Which & StoredAnswer & Record<string, unknown>>()(
  (queries, { idempotency }, now) =>
    queries
      .insert(idempotency)
      .values({
        organizationId: placeholder('organizationId'),
        key: placeholder('key'),
        requestDigest: placeholder('requestDigest'),
        status: placeholder('status'),
        headers: placeholder('headers'),
        body: placeholder('body'),
        createdAt: now(),
      })
      .onConflictDoNothing())

const storeAnswer = platformQuery<{ organizationId: string; key: string } & StoredAnswer & Record<string, unknown>>()(
  (queries, { idempotency }) =>
    queries
      .update(idempotency)
      .set({
        status: placeholder('status') as unknown as SQL,
        headers: placeholder('headers') as unknown as SQL,
        body: placeholder('body') as unknown as SQL,
      })
      .where(and(
        eq(idempotency.organizationId, placeholder('organizationId')),
        eq(idempotency.key, placeholder('key')),
      )))

const storedAnswer = platformQuery<{ organizationId: string; key: string }>()((queries, { idempotency }) =>
  queries
    .select()
    .from(idempotency)
    .where(and(
      eq(idempotency.organizationId, placeholder('organizationId')),
      eq(idempotency.key, placeholder('key')),
    )))

const unanswered: StoredAnswer = { status: 0, headers: {}, body: new Uint8Array(0) }

/**
 * True for the first. On Postgres the insert waits for another transaction that holds the same key. SQLite has one writer, who
 * need not write down that it began.
 */
async function claim(raw: RawTransaction, which: Which): Promise<boolean> {
  if (raw.dialect === 'sqlite') return (await raw.run(storedAnswer, which)).length === 0
  return (await raw.run(insertAnswer, { ...which, ...unanswered })).rowCount === 1
}

async function complete(raw: RawTransaction, which: Which, answer: StoredAnswer): Promise<void> {
  await raw.run(raw.dialect === 'sqlite' ? insertAnswer : storeAnswer, { ...which, ...answer })
}

async function replay(
  raw: RawTransaction,
  { organizationId, key, requestDigest }: Which,
  open: (sealed: Uint8Array) => Uint8Array,
): Promise<StoredAnswer> {
  const [row] = await raw.run(storedAnswer, { organizationId, key })
  if (!row) throw inProgress()
  if (row.requestDigest !== requestDigest) {
    throw new Problem('idempotency-mismatch', 'Use a new Idempotency-Key for another request.')
  }
  return { status: row.status, headers: { ...row.headers, 'idempotency-replayed': 'true' }, body: open(row.body) }
}

function keyOf(header: string | undefined, required: boolean): string | undefined {
  if (header === undefined) {
    if (required) throw new Problem('bad-request', 'Send an Idempotency-Key; it makes the request safe to repeat.')
    return undefined
  }
  if (/^[\x21-\x7e]{1,255}$/.test(header)) return header
  throw new Problem('bad-request', 'Make the Idempotency-Key of 1 to 255 visible ASCII characters.')
}

const inProgress = (): Problem =>
  new Problem('idempotency-in-progress', 'Send the same request again in a second.', { retryAfterSeconds: 1 })

/** @param giveUp asked after two seconds; false when it is this request's own work that takes so long */
async function withinWait<R>(work: Promise<R>, giveUp: () => boolean): Promise<R> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => giveUp() && reject(inProgress()), waitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body))

const answer = ({ status, headers, body }: StoredAnswer): Response =>
  new Response(body as Uint8Array<ArrayBuffer>, { status, headers: { 'content-type': 'application/json', ...headers } })

/** Deletes answers older than 30 days, at most 200 in a transaction. Answers how many went. */
export async function purgeIdempotency(database: PlatformDatabase, now: Date = new Date()): Promise<number> {
  const before = new Date(now.getTime() - keptMs)
  let purged = 0
  // Without an organization in the context, so that the rows of all are seen.
  await inContext({}, async () => {
    for (;;) {
      const count = await database.platformTransaction(async (_tx, raw) => {
        const table = raw.platform.idempotency
        const old = await raw
          .select({ organizationId: table.organizationId, key: table.key })
          .from(table)
          .where(lt(table.createdAt, before))
          .limit(200)
        for (const organizationId of new Set(old.map((row) => row.organizationId))) {
          const keys = old.filter((row) => row.organizationId === organizationId).map((row) => row.key)
          await raw.delete(table).where(and(eq(table.organizationId, organizationId), inArray(table.key, keys)))
        }
        return old.length
      })
      purged += count
      if (count < 200) return
    }
  })
  return purged
}
