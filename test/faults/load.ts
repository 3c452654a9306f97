import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Answer } from '../scenarios/ask.ts'
import { until } from '../scenarios/until.ts'
import { type Entry, openLedger } from './ledger.ts'
import type { Random } from './random.ts'
import type { Site } from './site.ts'

/** Of all requests, where a front door holds those whose module is away. */
const LEAST_GOOD = 0.95

/** What was asked, and how often something else than a good answer came, by what it was. */
interface Tally {
  sent: number
  readonly bad: Map<string, number>
  /** Of the slowest request, good or bad. */
  slowestMs: number
}

const newTally = (): Tally => ({ sent: 0, bad: new Map(), slowestMs: 0 })

/** Its answer; undefined when there was none. */
async function counted(tally: Tally, asked: Promise<Answer>): Promise<Answer | undefined> {
  const since = performance.now()
  tally.sent++
  const answer = await asked.catch((error: Error) => error)
  tally.slowestMs = Math.max(tally.slowestMs, performance.now() - since)
  if (!(answer instanceof Error) && answer.status < 300) return answer
  const what = answer instanceof Error
    ? String(answer.cause ?? answer)
    : `${answer.status} ${answer.json?.code ?? ''}${answer.headers.has('retry-after') ? '' : ' without Retry-After'}`
  tally.bad.set(what, (tally.bad.get(what) ?? 0) + 1)
  return answer instanceof Error ? undefined : answer
}

/** A client that waits as long as it is told to, sends until it is answered, and reads between its writes. */
async function settlePatiently({ issuer, ask }: Site, entry: Entry, tally: Tally): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline;) {
    entry.sent++
    const answer = await counted(tally, issuer.ask('POST', '/v1/credentials', {
      json: { recipient: entry.order, achievement: { name: 'Fault Tolerance' } },
      headers: { 'idempotency-key': entry.key },
    }))
    if (answer && answer.status < 300) {
      entry.answers.push(answer)
      for (const path of [`/v1/credentials/${answer.json.id}`, '/v1/templates', '/v1/credentials?limit=1'])
        await counted(tally, issuer.ask('GET', path))
      await counted(tally, ask('GET', '/log/checkpoint'))
      return
    }
    await delay(Number(answer?.headers.get('retry-after') ?? 0.5) * 1_000)
  }
}

/** Clients that go on until they are stopped. */
export interface Load {
  readonly tally: Tally
  /** Lets each finish what it has begun; answers what they asked for. */
  stop(): Promise<Entry[]>
}

/** Begins when the log has its first leaf, so that there is something to read. */
export async function startLoad(site: Site, { random, prefix, clients = 4, restMs = 60 }: {
  readonly random: Random
  readonly prefix: string
  readonly clients?: number
  /** The longest that a client rests between its orders. */
  readonly restMs?: number
}): Promise<Load> {
  const tally = newTally()
  const book = openLedger(site.issuer, 20_000, prefix)
  const rest = book.values()
  await settlePatiently(site, rest.next().value!, newTally())
  await until('the first checkpoint', async () => (await site.ask('GET', '/log/checkpoint')).status === 200)
  let over = false
  const working = Promise.all(Array.from({ length: clients }, async () => {
    while (!over) {
      const { value } = rest.next()
      if (!value) return
      await settlePatiently(site, value, tally)
      await delay(random.between(0, restMs))
    }
  }))
  return {
    tally,
    async stop() {
      over = true
      await working
      return book.filter(({ sent }) => sent > 0)
    },
  }
}

/** Lines that tell what came of it, whether or not it is enough. Answers the share that was not answered well. */
export function tell({ sent, bad, slowestMs }: Tally, say: (text: string) => void): number {
  const failed = [...bad.values()].reduce((sum, count) => sum + count, 0)
  say(`${sent} requests, ${failed} not answered well (${((failed / sent) * 100).toFixed(1)} %), the slowest after ${Math.round(slowestMs)} ms`)
  for (const [what, count] of bad) say(`  ${count} times ${what}`)
  return failed / sent
}

/** Nearly all was answered well, and whoever was refused knows when to come again. */
export function expectMostAnswered(tally: Tally, say: (text: string) => void): void {
  const share = tell(tally, say)
  assert.deepEqual([...tally.bad.keys()].filter((what) => /^503 .*without/.test(what)), [])
  assert.ok(share <= 1 - LEAST_GOOD, `${(share * 100).toFixed(1)} % of the requests were not answered well.`)
}

/** Nearly all was answered well, and the rest was told to come again: 503 with `Retry-After`. */
export function expectAnswered(tally: Tally, say: (text: string) => void): void {
  expectMostAnswered(tally, say)
  assert.deepEqual([...tally.bad.keys()].filter((what) => !/^503 (?!.*without)/.test(what)), [])
}
