import { setTimeout as delay } from 'node:timers/promises'
import type { Answer } from '../scenarios/ask.ts'
import type { Issuer } from '../scenarios/issuer.ts'

/** One request that the client wants done, and everything that it was answered. */
export interface Entry {
  readonly key: string
  readonly order: { readonly name: string; readonly email: string }
  /** Answers with 2xx, in the order of their arrival. */
  readonly answers: Answer[]
  /** Requests that were sent, and how many of them nobody answered, or 5xx. */
  sent: number
  failed: number
  /** Another refusal than 5xx, 409 and 429: it should not have come. */
  refused?: Answer
}

const patienceMs = 60_000

/** A client's own book of what it asked for. It believes nothing but answers. */
export const openLedger = (issuer: Issuer, count: number, prefix: string): Entry[] =>
  Array.from({ length: count }, (_, at) => ({
    key: `${prefix}-${at}`,
    order: { name: `Person ${prefix} ${at}`, email: issuer.email(`${prefix}${at}`) },
    answers: [],
    sent: 0,
    failed: 0,
  }))

const send = (issuer: Issuer, { key, order }: Entry): Promise<Answer> =>
  issuer.ask('POST', '/v1/credentials', {
    json: { recipient: order, achievement: { name: 'Fault Tolerance' } },
    headers: { 'idempotency-key': key },
  })

/** Sends an entry until it is answered, always with the same key: what any client has to do. */
export async function settle(issuer: Issuer, entry: Entry): Promise<void> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
    entry.sent++
    const answer = await send(issuer, entry).catch(() => undefined)
    if (answer && answer.status < 300) return void entry.answers.push(answer)
    entry.failed++
    if (answer && answer.status < 500 && ![409, 429].includes(answer.status)) {
      entry.refused = answer
      return
    }
    await delay(100)
  }
}

/** Settles all, so many at once; `allowed` holds an entry back until its turn has come. */
export async function settleAll(
  issuer: Issuer, entries: readonly Entry[], atOnce: number, allowed: (at: number) => Promise<void> = async () => {},
): Promise<void> {
  const rest = entries.entries()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const [at, entry] of rest) {
      await allowed(at)
      await settle(issuer, entry)
    }
  }))
}
