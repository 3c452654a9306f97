import type { Logger } from 'pino'
import type { Client } from '../contract.ts'
import { inContext } from '../context.ts'
import { pause } from '../events/exclusive.ts'
import type { platformContract } from '../platform-operations.ts'
import { describeFailure } from '../work/retry-rules.ts'
import { chainStart } from './audit-entry.ts'
import { headsAtOnce, type WitnessedHead } from './witness-rule.ts'

type Platform = Client<ReturnType<typeof platformContract<string>>>

export interface TellHeadsOptions {
  /** Whose chains they are. */
  readonly module: string
  /** That module: its database here, or by calls. */
  readonly source: Pick<Platform, 'auditHeads' | 'auditHashes'>
  /** Who keeps them, likewise. */
  readonly witness: Pick<Platform, 'witnessedHeads' | 'keepAuditHeads'>
  readonly everyMs: number
  readonly log: Logger
}

export interface TellHeads {
  start(): void
  stop(): Promise<void>
  /** One round; for tests. Answers how many chains contradict what was witnessed of them. */
  tell(): Promise<number>
}

type Held = Pick<WitnessedHead, 'sequence' | 'restoration' | 'contradiction'>

/** After so many rounds every chain is compared again, whether or not it has grown. */
const roundsBetweenWholeOnes = 360
const pageSize = 500
const start = Buffer.from(chainStart).toString('hex')

/**
 * Tells a witness where the chains of a module end: all of them at the start and every so often, in between those that have grown. An
 * audit entry costs nothing by itself: whatever was added meanwhile goes together. Any number of processes may do it at once.
 */
export function createTellHeads({ module, source, witness, everyMs, log }: TellHeadsOptions): TellHeads {
  const stopped = new AbortController()
  let running: Promise<void> | undefined
  /** What the witness holds, as far as it has said; undefined: it is to be asked. */
  let held: Map<string, Held> | undefined
  let rounds = 0

  async function everything<T extends { organizationId: string }>(page: (after: string | undefined) => Promise<readonly T[]>): Promise<T[]> {
    const all: T[] = []
    for (;;) {
      const some = await page(all.at(-1)?.organizationId)
      all.push(...some)
      if (some.length < pageSize) return all
    }
  }

  async function tell(): Promise<number> {
    const whole = held === undefined || rounds % roundsBetweenWholeOnes === 0
    rounds++
    if (whole) {
      const known = await everything(async (after) => (await witness.witnessedHeads({ module, limit: pageSize, ...(after !== undefined && { after }) })).heads)
      held = new Map(known.map((one) => [one.organizationId, one]))
    }
    const known = held!
    let restoration: string | null = null
    // After what the witness said, so that nothing is missing here that it has.
    const heads = await everything(async (after) => {
      const page = await source.auditHeads({ limit: pageSize, ...(after !== undefined && { after }) })
      restoration = page.restoration
      return page.heads
    })
    const ends = new Map(heads.map((head) => [head.organizationId, head]))
    const isNews = (id: string): boolean => {
      const before = known.get(id)
      return whole || before === undefined || before.sequence !== ends.get(id)?.sequence || before.restoration !== restoration
    }
    const news = [...new Set([...known.keys(), ...ends.keys()])].filter(isNews)
    for (let from = 0; from < news.length; from += headsAtOnce) await tellSome(news.slice(from, from + headsAtOnce))
    return [...known.values()].filter(({ contradiction }) => contradiction !== null).length

    async function tellSome(ids: readonly string[]): Promise<void> {
      const compared = ids.filter((id) => known.has(id))
      const at = compared.map((id) => ({ organizationId: id, sequence: known.get(id)!.sequence }))
      const { hashes } = at.length > 0 ? await source.auditHashes({ at }) : { hashes: [] }
      const told = ids.map((organizationId) => {
        const index = compared.indexOf(organizationId)
        // Of a chain that is gone altogether nothing but its beginning is left.
        const { sequence, hash } = ends.get(organizationId) ?? { sequence: 0, hash: start }
        return { organizationId, sequence, hash, since: index < 0 ? null : { sequence: at[index]!.sequence, hash: hashes[index] ?? null } }
      })
      const answer = await witness.keepAuditHeads({ module, restoration, heads: told })
      for (const { organizationId, ...now } of answer.held) {
        if (now.contradiction !== null && known.get(organizationId)?.contradiction !== now.contradiction)
          log.error({ organizationId, sequence: now.sequence, contradiction: now.contradiction }, 'the audit chain contradicts what was witnessed of it; run vellum audit verify')
        known.set(organizationId, now)
      }
    }
  }

  async function run(): Promise<void> {
    let failing = false
    const stop = new Promise<void>((resolve) => stopped.signal.addEventListener('abort', () => resolve(), { once: true }))
    while (!stopped.signal.aborted) {
      try {
        const round = tell()
        // A stop does not wait for whoever is asked.
        await Promise.race([round, stop])
        round.catch(() => {})
        failing = false
      } catch (error) {
        if (!failing && !stopped.signal.aborted) log.warn({ error: describeFailure(error) }, 'the ends of audit chains could not be told; they are told later')
        failing = true
      }
      await pause(everyMs, stopped.signal)
    }
  }

  return {
    tell,
    start() {
      running = inContext({}, run)
    },
    async stop() {
      stopped.abort()
      await running
    },
  }
}
