import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis as Connection } from 'ioredis'
import { verification } from '#modules/verification/index.ts'
import { until } from '../scenarios/until.ts'
import { freePort } from '../servers/free-port.ts'
import { startPostgres } from '../servers/postgres.ts'
import { type Redis, startRedis } from '../servers/redis.ts'
import type { Fault } from './fault.ts'
import { openLedger, settleAll } from './ledger.ts'
import { expectAnswered, startLoad } from './load.ts'
import { openSite, type Site, untilQuiet } from './site.ts'
import { expectSound } from './soundness.ts'

/** Less than an empty Redis takes. */
const TOO_LITTLE = '1mb'

/** What each process says of its Redis; undefined where all is well. */
async function toldOfRedis({ installation }: Site): Promise<(string | undefined)[]> {
  return Promise.all(installation.processes.map(async ({ name, internalUrl }) => {
    const ready = await fetch(`${internalUrl}/readyz`)
    assert.equal(ready.status, 200, `${name} is not ready: ${await ready.text()}`)
    const text = await (await fetch(`${internalUrl}/health`)).text()
    return /Redis is full|redis[^}]*cannot be reached/.exec(text)?.[0]
  }))
}

const redisFull: Fault = {
  name: 'Redis absent at the start, then full under load: every process is ready and says so, all goes on, nothing lost, nothing twice',
  long: true,
  async run({ random, say }) {
    const postgres = await startPostgres()
    const port = await freePort()
    let redis: Redis | undefined
    let connection: Connection | undefined
    let site: Site | undefined
    try {
      site = await openSite({
        // An event of each publisher has to cross.
        shares: [{ modules: ['identity', 'issuance', 'gateway'] }, { modules: ['verification', 'notification'] }],
        environment: {
          DATABASE_URL: await postgres.createDatabase(),
          REDIS_URL: `redis://127.0.0.1:${port}`,
          MASTER_KEY: randomBytes(32).toString('base64'),
        },
      })
      const { issuer, smtp, client } = site
      const here = site
      /** Of as many, in the log and in the post: what Redis did not take is missed only after some seconds. */
      const arrived = (count: number) => until(`${count} leaves and mails`, async () =>
        new Set(smtp.messageIds()).size >= count && (await client(verification).logState({})).size >= count)
      for (const told of await toldOfRedis(site)) assert.match(told ?? 'nothing', /cannot be reached/)
      const early = openLedger(issuer, 5, 'absent')
      await settleAll(issuer, early, 5)
      // Not only accepted: everything that follows from it comes without Redis.
      await arrived(early.length)

      redis = await startRedis({ port })
      connection = new Connection(redis.url)
      await until('Redis to be found', async () => (await toldOfRedis(here)).every((told) => told === undefined))
      const load = await startLoad(site, { random, prefix: 'full' })
      await delay(500)
      await connection.config('SET', 'maxmemory', TOO_LITTLE)
      await assert.rejects(connection.set('anything', '1'), /OOM/)
      for (const told of await toldOfRedis(site)) assert.equal(told, 'Redis is full')
      // What is accepted while it is full is done while it is full.
      const late = openLedger(issuer, 5, 'while-full')
      const since = performance.now()
      await settleAll(issuer, late, 5)
      await until('their mails', async () => {
        const reached = new Set((await smtp.messages()).flatMap(({ recipients }) => recipients))
        return late.every(({ order }) => reached.has(order.email))
      })
      say(`accepted and told after ${Math.round(performance.now() - since)} ms while Redis was full`)
      await delay(1_000)
      await connection.config('SET', 'maxmemory', '0')
      await until('Redis to have room', async () => (await toldOfRedis(here)).every((told) => told === undefined))
      await delay(500)
      const entries = await load.stop()
      expectAnswered(load.tally, say)
      const all = [...early, ...late, ...entries]
      await arrived(all.length)
      await untilQuiet(site)
      await expectSound(site, all)
    } finally {
      connection?.disconnect()
      await site?.stop()
      await redis?.stop()
      await postgres.stop()
    }
  },
}

export default [redisFull]
