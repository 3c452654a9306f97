import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { moduleNames } from '../module-names.ts'
import type { Share } from '../processes.ts'
import { until } from '../scenarios/until.ts'
import { freePort } from '../servers/free-port.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { startTcpProxy, type TcpProxy } from '../servers/tcp-proxy.ts'
import type { Fault, FaultContext } from './fault.ts'
import { settleAll } from './ledger.ts'
import { expectMostAnswered, startLoad, tell } from './load.ts'
import { openSite } from './site.ts'
import { expectAllSound, watchCheckpoints } from './soundness.ts'

/** A stretch of network between two parts, and how slow it becomes. */
interface Link {
  readonly name: string
  readonly proxy: TcpProxy
  /** A transaction goes there and back a dozen times, a mail a few times, a call once. */
  readonly slowMs: number
}

type Trouble = 'cut' | 'refused' | 'delayed' | 'swallowed'

const mailServer = 'the mail server'

/** How long it is bad; a connection that lost something stays dead for longer than that. */
const troubleMs: Readonly<Record<Trouble, number>> = { cut: 0, refused: 700, delayed: 1_500, swallowed: 1_500 }

/** Makes one link bad in one way until that was felt, and well again. */
async function strike({ name, proxy, slowMs }: Link, trouble: Trouble): Promise<void> {
  const before = proxy.done[trouble]
  const act = { cut: proxy.cut, refused: proxy.refuse, delayed: () => proxy.delay(slowMs), swallowed: proxy.swallow }[trouble]
  act()
  await delay(troubleMs[trouble])
  await until(`something on the way to ${name} to be ${trouble}`, async () => {
    // Whoever connects for a moment alone is not there at every moment.
    if (trouble === 'cut' && proxy.done.cut === before) proxy.cut()
    return proxy.done[trouble] > before
  })
  proxy.pass()
}

/** Where the same list of troubles comes down. */
interface Place {
  readonly name: string
  /** What a process to itself is called through a proxy; no others: everything is in one process. */
  readonly apart: readonly string[]
}

const places: readonly Place[] = [
  { name: 'between one process and Postgres, Redis and the mail server', apart: [] },
  { name: 'between modules and each other, Postgres, Redis and the mail server', apart: ['identity', 'issuance'] },
]

/** A process for each module; those that are called by proxy have a port that the proxy knows, and the others are told of the proxy. */
async function sharesBehind(apart: readonly string[], stops: (() => Promise<void>)[]): Promise<{ shares: Share[]; links: Link[] }> {
  const links: Link[] = []
  const ports: Record<string, string> = {}
  const urls: Record<string, string> = {}
  for (const module of apart) {
    const port = await freePort()
    const proxy = await startTcpProxy(port)
    stops.push(proxy.stop)
    links.push({ name: module, proxy, slowMs: 200 })
    ports[module] = String(port)
    urls[`${module.toUpperCase()}_URL`] = `http://127.0.0.1:${proxy.port}`
  }
  const shares = [...moduleNames, 'gateway'].map((module) =>
    ({ modules: [module], environment: { ...urls, ...(ports[module] && { INTERNAL_PORT: ports[module] }) } }))
  return { shares, links }
}

const portOf = (url: string): number => Number(new URL(url).port)

const faultIn = ({ name, apart }: Place): Fault => ({
  name: `network: ${name} connections are cut, refused, slow and silent: nothing lost, nothing twice, and all goes on`,
  // Timeouts are waited for.
  long: true,
  async run({ random, say }: FaultContext) {
    const stops: (() => Promise<void>)[] = []
    const behind = async (linkName: string, url: string, slowMs: number, links: Link[]): Promise<string> => {
      const proxy = await startTcpProxy(portOf(url))
      stops.push(proxy.stop)
      links.push({ name: linkName, proxy, slowMs })
      return proxy.through(url)
    }
    try {
      const postgres = await startPostgres()
      stops.push(postgres.stop)
      const redis = await startRedis()
      stops.push(redis.stop)
      const { shares, links } = apart.length > 0 ? await sharesBehind(apart, stops) : { shares: undefined, links: [] as Link[] }
      const site = await openSite({
        ...(shares && { shares }),
        smtpThrough: (url) => behind(mailServer, url, 200, links),
        environment: {
          DATABASE_URL: await behind('Postgres', await postgres.createDatabase(), 20, links),
          REDIS_URL: await behind('Redis', redis.url, 200, links),
          MASTER_KEY: randomBytes(32).toString('base64'),
          ACCESS_TOKEN_SECONDS: '3600',
        },
      })
      stops.push(site.stop)
      const checkpoints = watchCheckpoints(site.ask)
      const load = await startLoad(site, { random, prefix: 'net', clients: 6, restMs: 100 })
      await delay(1_000)
      const troubles = links.flatMap((link) => (Object.keys(troubleMs) as Trouble[]).map((trouble) => ({ link, trouble })))
      for (const { link, trouble } of troubles.sort(() => random.next() - 0.5)) {
        await strike(link, trouble)
        await delay(random.between(200, 2_000))
      }
      const entries = await load.stop()
      say(`${troubles.length} troubles: ${links.map(({ name: to, proxy: { done } }) => `${to} ${JSON.stringify(done)}`).join(', ')}`)
      // Once more, every one: what was promised is promised still, in the same bytes.
      await settleAll(site.issuer, entries, 8)
      await expectAllSound(site, { entries, seen: await checkpoints.stop(), say })
      assert.ok(entries.length > troubles.length, `${entries.length} requests are no load.`)
      ;(shares ? expectMostAnswered : tell)(load.tally, say)
    } finally {
      for (const stop of stops.reverse()) await stop()
    }
  },
})

export default places.map(faultIn)
