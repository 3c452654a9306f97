import { setTimeout as delay } from 'node:timers/promises'
import type { Answer } from '../scenarios/ask.ts'
import type { Entry } from './ledger.ts'
import type { Site } from './site.ts'

/** So many requests a second, of which none may fail: it issues, repeats what it issued, reads and searches. */
export function steadyClients({ issuer, ask }: Site, perSecond: number, prefix: string) {
  const entries: Entry[] = []
  const faults: string[] = []
  const running = new Set<Promise<void>>()
  let sent = 0
  let over = false

  /** The same key twice at once is refused where it takes long, and would tell nothing. */
  const underWay = new Set<Entry>()
  const post = (entry: Entry): Promise<Answer> => {
    entry.sent++
    underWay.add(entry)
    return issuer.ask('POST', '/v1/credentials', {
      json: { recipient: entry.order, achievement: { name: 'Steadiness' } }, headers: { 'idempotency-key': entry.key },
    }).finally(() => underWay.delete(entry))
  }
  async function request(number: number): Promise<void> {
    const known = entries.findLast((entry) => entry.answers.length > 0 && !underWay.has(entry))
    const repeated = number % 5 === 1 ? known : undefined
    let answer: Answer
    if (number % 5 === 0 || repeated) {
      const entry: Entry = repeated ?? { key: `${prefix}-${number}`, order: { name: `Person ${prefix} ${number}`, email: issuer.email(`${prefix}${number}`) }, answers: [], sent: 0, failed: 0 }
      if (!repeated) entries.push(entry)
      answer = await post(entry)
      if (answer.status < 300) entry.answers.push(answer)
    } else if (number % 5 === 2 && known) answer = await issuer.ask('GET', `/v1/credentials/${known.answers[0]!.json.id}`)
    else if (number % 5 === 3) answer = await issuer.ask('GET', '/v1/credentials?limit=5&q=Person')
    else answer = await ask('GET', '/v1/organization', { token: issuer.token })
    if (answer.status >= 300) faults.push(`${answer.status} ${answer.text.slice(0, 300)}`)
  }
  const ended = (async () => {
    const start = performance.now()
    for (let number = 0; !over; number++) {
      await delay(Math.max(start + (number * 1_000) / perSecond - performance.now(), 0))
      sent++
      const one: Promise<void> = request(number).catch((error: unknown) => void faults.push(String(error))).finally(() => running.delete(one))
      running.add(one)
    }
  })()
  return {
    faults,
    get sent() {
      return sent
    },
    async stop(): Promise<Entry[]> {
      over = true
      await ended
      await Promise.all(running)
      return entries
    },
  }
}
