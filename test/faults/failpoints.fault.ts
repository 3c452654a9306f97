import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { FailpointName } from '#platform/failpoints.ts'
import { moduleNames } from '../module-names.ts'
import { denoCommand } from '../placements.ts'
import type { ServerProcess, Share } from '../processes.ts'
import { type Anvil, startAnvil } from '../servers/anvil.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import type { Fault, FaultContext } from './fault.ts'
import { settleAll } from './ledger.ts'
import { expectMostAnswered, startLoad, tell } from './load.ts'
import { openSite, type Site } from './site.ts'
import { expectAllSound, watchCheckpoints } from './soundness.ts'

/** The latest pass of a point at which a process dies: about a second of this load. Commits are many, rounds of the relay few. */
const latest: Readonly<Record<FailpointName, number>> = {
  'before-commit': 40,
  'after-commit': 40,
  'before-answer': 15,
  'after-effect': 15,
  'after-publish': 10,
  'after-handler': 15,
}
const points = Object.keys(latest) as FailpointName[]

/**
 * In a split installation, whose work passes a point under this load. `identity` makes keys in advance for hundreds of recipients, so that
 * it commits too seldom to wait for it.
 */
const passedBy: Readonly<Record<FailpointName, readonly string[]>> = {
  'before-commit': ['issuance', 'notification', 'verification'],
  'after-commit': ['issuance', 'notification', 'verification'],
  'before-answer': ['issuance'],
  'after-effect': ['issuance', 'notification', 'verification'],
  'after-publish': ['issuance'],
  'after-handler': ['notification', 'verification'],
}

const patienceMs = 30_000
/** As a shell tells of SIGKILL. */
const killed = 128 + 9

/** Starts a process that has ended, and waits until it has killed itself at the point. */
async function dieAt({ installation }: Site, process: ServerProcess, point: FailpointName, pass: number): Promise<void> {
  const saidBefore = installation.output().length
  const what = `${process.name} at the ${pass}. ${point}`
  await process.start({ wait: false, environment: { FAILPOINT: `${point}:${pass}`, ALLOW_FAILPOINT: 'true' } })
  const patience = new AbortController()
  const status = await Promise.race([process.exited, delay(patienceMs, 'alive', { signal: patience.signal }).catch(() => 'alive')])
  patience.abort()
  const said = installation.output().slice(saidBefore)
  assert.equal(status, killed, `${what} did not die: ${status}. ${said.slice(-2_000)}`)
  assert.ok(said.includes(`failpoint ${point}: `), `${what} was killed by somebody else. ${said.slice(-2_000)}`)
}

/** Each point so many times on each process that passes it, in any order; at the end all are up. */
async function dieEverywhere(site: Site, { random, say }: FaultContext, times: number): Promise<void> {
  const { processes } = site.installation
  const victimsOf = (point: FailpointName) =>
    processes.length === 1 ? processes : processes.filter(({ modules }) => passedBy[point].includes(modules[0]!))
  let deaths = 0
  for (const process of processes) {
    const plan = points.filter((point) => victimsOf(point).includes(process)).flatMap((point) => Array<FailpointName>(times).fill(point))
    if (plan.length === 0) continue
    await process.stop()
    for (const point of plan.sort(() => random.next() - 0.5)) {
      await dieAt(site, process, point, random.between(1, latest[point] + 1))
      deaths++
    }
    await process.start()
  }
  say(`${deaths} deaths, each at its point`)
}

interface Place {
  readonly name: string
  readonly long: boolean
  readonly shares?: readonly Share[]
  readonly command?: string[]
  readonly environment?: Record<string, string>
}

const places: readonly Place[] = [
  { name: 'one process', long: false },
  { name: 'one process on Deno', long: true, ...denoCommand },
  { name: 'a process for each module', long: true, shares: [...moduleNames, 'gateway'].map((module) => ({ modules: [module] })) },
]

const faultIn = ({ name, long, shares, command, environment }: Place): Fault => ({
  name: `failpoints: ${name} dies around commits, answers, effects and events: each once in effect, nothing lost`,
  long,
  async run(context) {
    const { full, random, say } = context
    const stops: (() => Promise<void>)[] = []
    try {
      const anvil: Anvil = await startAnvil()
      stops.push(anvil.stop)
      const postgres = shares && await startPostgres()
      if (postgres) stops.push(postgres.stop)
      const redis = shares && await startRedis()
      if (redis) stops.push(redis.stop)
      const site = await openSite({
        ...(shares && { shares }),
        ...(command && { command }),
        environment: {
          ...environment,
          ...(postgres && { DATABASE_URL: await postgres.createDatabase() }),
          ...(redis && { REDIS_URL: redis.url }),
          MASTER_KEY: randomBytes(32).toString('base64'),
          EVM_RPC_URL: anvil.url,
          ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey,
          ANCHOR_INTERVAL_MS: '200',
          ANCHOR_POLL_MS: '50',
          ACCESS_TOKEN_SECONDS: '3600',
        },
      })
      stops.push(site.stop)
      const checkpoints = watchCheckpoints(site.ask)
      const load = await startLoad(site, { random, prefix: 'point', restMs: 250 })
      await dieEverywhere(site, context, full ? 2 : 1)
      const entries = await load.stop()
      // Once more, every one: what was promised is promised still, in the same bytes.
      await settleAll(site.issuer, entries, 8)
      await expectAllSound(site, { entries, anvil, seen: await checkpoints.stop(), say })
      ;(shares ? expectMostAnswered : tell)(load.tally, say)
    } finally {
      for (const stop of stops.reverse()) await stop()
    }
  },
})

export default places.map(faultIn)
