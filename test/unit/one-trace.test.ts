import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Timeline } from '#platform/cli/trace-command.ts'
import { createAccount, createInstallation, type Installation } from '../installation.ts'
import { moduleNames } from '../module-names.ts'
import { type Collector, startCollector } from '../servers/collector.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'

const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00'

/** Issues to somebody, with a trace of the caller's own; answers once the mail is out. */
async function issueTraced(installation: Installation, collector: Collector) {
  const account = await createAccount(installation, 'traced', 'Traced')
  const accepted = await account.fetch('/v1/credentials', {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    body: JSON.stringify({
      recipient: { name: 'Zanzibarina Quux', email: 'zanzibarina@example.org' },
      achievement: { name: 'Tracing' },
    }),
  })
  expect(accepted.status).toBe(202)
  const { id } = (await accepted.json()) as { id: string }
  expect(accepted.headers.get('traceparent')).toContain(traceId)
  const mine = () => collector.spans.filter((span) => span.traceId === traceId)
  await expect.poll(() => mine().map((span) => span.name), { timeout: 60_000, interval: 200 }).toContain('step send-email')
  return {
    id,
    mine,
    below: (name: string, ancestor: string): boolean =>
      mine().some((span) => {
        if (span.name !== name) return false
        for (let parent = span.parentSpanId; parent; ) {
          const found = mine().find((one) => one.spanId === parent)
          if (found?.name === ancestor) return true
          parent = found?.parentSpanId
        }
        return false
      }),
  }
}

/** From the request to the mail, each below the one before. */
const chain = [
  ['transaction', 'POST request'],
  ['step issue-credential', 'POST request'],
  ['publish credential.issued', 'step issue-credential'],
  ['event credential.issued', 'publish credential.issued'],
  ['step send-email', 'event credential.issued'],
  ['call issuance.certificate', 'step send-email'],
] as const

describe('one issued credential', () => {
  let collector: Collector
  let installation: Installation

  beforeAll(async () => {
    collector = await startCollector()
    installation = await createInstallation({ environment: { OTLP_URL: collector.url } })
    await installation.start()
  }, 60_000)

  afterAll(async () => {
    await installation.remove()
    await collector.stop()
  })

  it('is one trace from the request over transaction, outbox and steps to the mail, and names nobody', async () => {
    const { below } = await issueTraced(installation, collector)
    for (const [name, ancestor] of chain) expect([name, ancestor, below(name, ancestor)]).toEqual([name, ancestor, true])
    expect(collector.bodies.join('')).not.toMatch(/zanzibarina/i)
  }, 60_000)
})

describe('one issued credential, with each module and the front door in a process of its own', () => {
  const processes = [...moduleNames, 'gateway']
  const stops: (() => Promise<unknown>)[] = []
  let collector: Collector
  let installation: Installation

  beforeAll(async () => {
    collector = await startCollector()
    stops.push(() => collector.stop())
    const [postgres, redis] = [await startPostgres(), await startRedis()]
    stops.push(() => postgres.stop(), () => redis.stop())
    installation = await createInstallation({
      shares: processes.map((module) => ({ modules: [module] })),
      environment: {
        OTLP_URL: collector.url,
        LOG_LEVEL: 'debug',
        SERVICE_SECRET: randomBytes(32).toString('base64url'),
        MASTER_KEY: randomBytes(32).toString('base64'),
        DATABASE_URL: await postgres.createDatabase(),
        REDIS_URL: redis.url,
        RENDER_WORKERS: '1',
      },
    })
    stops.push(() => installation.remove())
    await installation.start()
  }, 180_000)

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  }, 60_000)

  it('is one trace over all of them, on a log line of each, and names nobody', async () => {
    const { id, mine, below } = await issueTraced(installation, collector)
    // Each process sends its spans in its own time.
    await expect.poll(() => chain.filter(([name, ancestor]) => !below(name, ancestor)), { timeout: 30_000 }).toEqual([])
    await expect.poll(() => [...new Set(mine().map((span) => span.process))].sort(), { timeout: 30_000 }).toEqual(processes.toSorted())

    const pids = new Map(await Promise.all(installation.processes.map(async ({ name, pid }) => [await pid, name] as const)))
    const lines = () => installation.output().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { pid: number; traceId?: string })
    const traced = () => [...new Set(lines().filter((line) => line.traceId === traceId).map(({ pid }) => pids.get(pid)))].sort()
    await expect.poll(traced, { timeout: 30_000 }).toEqual(processes.toSorted())
    expect(collector.bodies.join('') + installation.output()).not.toMatch(/zanzibarina/i)

    // Of several processes a command is given to each in its turn: the timeline is the same from wherever it is asked.
    for (const _ of processes) {
      const { entries } = JSON.parse((await installation.cli('trace', id, '--json')).stdout) as Timeline
      const seen = entries.map(({ module, what }) => `${module} ${what}`)
      expect(seen).toEqual(expect.arrayContaining(['issuance accepted', 'verification leaf arrived', 'notification message sent']))
    }
    for (const { name, internalUrl } of installation.processes) {
      const answer = await fetch(`${internalUrl}/metrics`)
      expect([name, answer.status]).toEqual([name, 200])
      expect(await answer.text()).toContain('vellum_loop_delay_seconds{quantile="0.99"}')
    }
  }, 180_000)
})
