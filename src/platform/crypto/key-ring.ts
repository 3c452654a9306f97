import { createHmac } from 'node:crypto'
import { setImmediate, setTimeout } from 'node:timers'
import { currentContext, inContext } from '../context.ts'
import type { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import { openEnvelope, sealedSubject, sealEnvelope } from './envelope.ts'
import { KeyErased, KeyNotLoaded, type KeyRing, KeyVersionUnknown } from './key-ring-types.ts'

/**
 * One version of one subject's data key, as `identity` hands it out; an erased subject is one row without a key. Version 0 is
 * no key but what digests are made with, once version 1 is retired: see {@link digestRoot}.
 */
export interface FetchedKey {
  readonly subject: string
  readonly version: number
  /** 32 bytes, base64; null when erased. */
  readonly key: string | null
  readonly erased: boolean
}

export interface KeyRingOptions {
  /** Answers all live versions of at most 500 subjects; unknown subjects are left out of the answer. */
  readonly fetchKeys: (subjects: string[]) => Promise<readonly FetchedKey[]>
  /** Milliseconds since the epoch, or any clock that only goes forward. */
  readonly now?: () => number
  /** How long a key may be used after it was fetched. */
  readonly ttlMs?: number
}

/** Small: a file of a hundred thousand people brings as many of these. */
interface HeldKeys {
  /** Values are sealed with the newest. */
  readonly newest: number
  readonly key: Uint8Array
  /** Versions before it; undefined where there are none. */
  readonly older: ReadonlyMap<number, Uint8Array> | undefined
  /** Version 0. */
  readonly root: Uint8Array | undefined
  readonly fetchedAt: number
  /** There is a newer version: the next load fetches it. */
  stale: boolean
  /** By purpose; undefined until the first is needed. */
  digestKeys: Map<string, Buffer> | undefined
}

const keyOfVersion = ({ newest, key, older }: HeldKeys, version: number): Uint8Array | undefined =>
  version === newest ? key : older?.get(version)

interface Batch {
  readonly subjects: Set<string>
  /** Forgotten while the answer was on its way: what arrives for them may be older than the erasure. */
  readonly forgotten: Set<string>
  /** Of whom the answer says nothing. */
  unknown: ReadonlySet<string>
  /** The same of a new version: what arrives for them is good, and fetched again. */
  readonly renewed: Set<string>
  readonly done: Promise<void>
}

const batchSize = 500
/** So many are kept for their whole time. Of a larger crowd, which only a file brings, the oldest leave after two thirds of it. */
const crowd = 20_000
const erasedRemembered = 100_000
/** A key that is forgotten while it is on its way is fetched again: as often, and somebody forgets without end. */
const mostRounds = 20

/**
 * The data keys of one module in one process. Loads that are asked for in the same turn of the event loop share calls of
 * up to 500 subjects. A key is fetched anew once half of its time is over, so that after `load` it stays usable for at
 * least half of `ttlMs` (a sixth, where tens of thousands are held): long enough for the transaction that follows.
 */
export function createKeyRing({ fetchKeys, now = Date.now, ttlMs = 60_000 }: KeyRingOptions): KeyRing {
  // In order of fetching, so that the sweep stops at the first that is young enough.
  const held = new Map<string, HeldKeys>()
  const erased = new Set<string>()
  /** Whose keys were held, the last to leave at the end. */
  const left = new Set<string>()
  const onTheWay = new Set<Batch>()
  let collecting: Batch | undefined
  let sweepPlanned = false

  async function load(subjects: Iterable<string>): Promise<void> {
    if (currentContext().transaction) throw new Error('Keys are loaded before a transaction, never inside one.')
    const fresh = now() - ttlMs / 2
    const isNeeded = (subject: string) => {
      const known = held.get(subject)
      return !erased.has(subject) && !(known && !known.stale && known.fetchedAt > fresh)
    }
    let missing = [...new Set(subjects)].filter(isNeeded)
    for (let round = 0; missing.length > 0; round++) {
      if (round === mostRounds) throw new Problem('unavailable', 'The keys are being changed; try again in a moment.')
      const batches = new Map(missing.map((subject) => [subject, batchOf(subject)]))
      await Promise.all(new Set([...batches.values()].map(({ done }) => done)))
      missing = missing.filter(isNeeded)
      const unknown = missing.filter((subject) => batches.get(subject)!.unknown.has(subject))
      if (unknown.length > 0) {
        throw new Problem('not-found', `There is no data key for ${unknown.length} of the subjects.`, {
          extensions: { subjects: unknown.slice(0, 10) },
        })
      }
    }
  }

  function batchOf(subject: string): Batch {
    for (const batch of onTheWay) {
      if (batch.subjects.has(subject) && !batch.forgotten.has(subject) && !batch.renewed.has(subject)) return batch
    }
    if (!collecting || collecting.subjects.size >= batchSize) collecting = startBatch()
    collecting.subjects.add(subject)
    return collecting
  }

  function startBatch(): Batch {
    const start = Promise.withResolvers<void>()
    const batch: Batch = { subjects: new Set(), forgotten: new Set(), renewed: new Set(), unknown: new Set(), done: start.promise.then(() => fetchBatch(batch)) }
    onTheWay.add(batch)
    setImmediate(() => {
      if (collecting === batch) collecting = undefined
      start.resolve()
    })
    return batch
  }

  async function fetchBatch(batch: Batch): Promise<void> {
    try {
      // Several callers share this: none of their deadlines, organizations or traces is its own.
      const rows = await inContext({}, () => fetchKeys([...batch.subjects]))
      const fetchedAt = now()
      batch.unknown = batch.subjects.difference(new Set(rows.map(({ subject }) => subject)))
      for (const [subject, versions] of Map.groupBy(rows, (row) => row.subject)) {
        if (!batch.subjects.has(subject)) continue
        // An erasure is for ever, so that no answer which tells of it is too old.
        if (versions.some((row) => row.erased)) rememberErased(subject)
        else if (!batch.forgotten.has(subject)) hold(subject, versions, fetchedAt, batch.renewed.has(subject))
      }
    } finally {
      onTheWay.delete(batch)
    }
  }

  function hold(subject: string, rows: readonly FetchedKey[], fetchedAt: number, stale: boolean): void {
    const versions = new Map<number, Uint8Array>()
    for (const row of rows) {
      // In memory of its own: a small buffer is a part of eight kilobytes, all of which it would keep.
      const key = new Uint8Array(Buffer.from(row.key ?? '', 'base64'))
      if (key.length !== 32) throw new Error('A data key has 32 bytes.')
      versions.set(row.version, key)
    }
    const root = versions.get(0)
    versions.delete(0)
    const newest = Math.max(...versions.keys())
    const key = versions.get(newest)!
    versions.delete(newest)
    held.delete(subject)
    left.delete(subject)
    held.set(subject, { newest, key, older: versions.size > 0 ? versions : undefined, root, fetchedAt, stale, digestKeys: undefined })
    if (held.size > crowd) dropOlderThan((ttlMs * 2) / 3)
    planSweep()
  }

  function rememberErased(subject: string): void {
    held.delete(subject)
    erased.add(subject)
    for (const oldest of erased) {
      if (erased.size <= erasedRemembered) break
      erased.delete(oldest)
    }
  }

  /** Keys that nobody asks for any more leave the memory too. */
  function planSweep(): void {
    if (sweepPlanned) return
    sweepPlanned = true
    setTimeout(() => {
      sweepPlanned = false
      dropOlderThan(ttlMs)
      if (held.size > 0) planSweep()
    }, ttlMs / 4).unref()
  }

  function dropOlderThan(ms: number): void {
    const limit = now() - ms
    for (const [subject, keys] of held) {
      if (keys.fetchedAt > limit) break
      drop(subject)
    }
  }

  function drop(subject: string): void {
    if (!held.delete(subject)) return
    left.delete(subject)
    left.add(subject)
    if (left.size > crowd) left.delete(left.keys().next().value!)
  }

  function usable(subject: string): HeldKeys {
    if (erased.has(subject)) throw new KeyErased(subject)
    const keys = held.get(subject)
    if (!keys || now() - keys.fetchedAt > ttlMs) throw new KeyNotLoaded(subject)
    return keys
  }

  function open(place: Parameters<KeyRing['open']>[0], sealed: Uint8Array): Uint8Array {
    const { subject, keyVersion } = sealedSubject(sealed)
    // Waiting would not help: whoever reads a row loads the key of its subject, so where that was not here this value is probably another's.
    if (!held.has(subject) && !erased.has(subject) && !left.has(subject)) throw new Error(`A value is sealed for ${subject}, whose data key is not loaded.`)
    const keys = usable(subject)
    const key = keyOfVersion(keys, keyVersion)
    // Another process may have sealed it with a version that is younger than what is held here.
    if (!key) keys.stale = true
    if (!key) throw new KeyVersionUnknown(subject, keyVersion)
    return openEnvelope(key, place, sealed)
  }

  return {
    load,
    open,
    openText: (place, sealed) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(open(place, sealed)),
    seal(subject, place, plaintext) {
      const { key, newest } = usable(subject)
      return sealEnvelope(key, { subject, keyVersion: newest }, place, plaintext)
    },
    isErased: (subject) => erased.has(subject),
    digest(organizationId, purpose, value) {
      const keys = usable(organizationId)
      keys.digestKeys ??= new Map()
      let key = keys.digestKeys.get(purpose)
      if (!key) {
        const first = keyOfVersion(keys, 1)
        key = deriveDigestKey(keys.root ?? (first && digestRoot(first)), organizationId, purpose)
        keys.digestKeys.set(purpose, key)
      }
      return createHmac('sha256', key).update(value, 'utf8').digest('base64url')
    },
    forget(subject) {
      drop(subject)
      for (const batch of onTheWay) batch.forgotten.add(subject)
    },
    renew(subject) {
      const known = held.get(subject)
      if (known) known.stale = true
      for (const batch of onTheWay) batch.renewed.add(subject)
    },
  }
}

/**
 * What remains of the first version of a key when that is retired: HKDF-Extract (RFC 5869) of it without salt. Digests go on
 * matching, and nothing that the key sealed can be opened.
 */
export const digestRoot = (first: Uint8Array): Uint8Array => new Uint8Array(createHmac('sha256', noSalt).update(first).digest())

const noSalt = Buffer.alloc(32)

/** HKDF-Expand to 32 bytes: together with {@link digestRoot} the HKDF of decision 0070. */
function deriveDigestKey(root: Uint8Array | undefined, id: OrganizationId, purpose: string): Buffer {
  if (!root) throw new Error(`The first data key of ${id} is gone, and with it every digest that was made.`)
  return createHmac('sha256', root).update(`vellum/digest/1/${purpose}\u0001`, 'utf8').digest()
}
