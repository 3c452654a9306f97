import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis as Connection } from 'ioredis'
import { moduleNames } from '../module-names.ts'
import type { Share } from '../processes.ts'
import { startAnvil } from '../servers/anvil.ts'
import { startCollector } from '../servers/collector.ts'
import { freePort } from '../servers/free-port.ts'
import { query, startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { batchFinished, uploaded } from './batch-file.ts'
import type { Fault } from './fault.ts'
import { findTexts, readTree } from './files.ts'
import { expectMostAnswered, startLoad, tell } from './load.ts'
import { openSite, type Site, untilQuiet } from './site.ts'
import {
  expectAnchored, expectConsistent, expectOneEach, expectOneLeafEach, expectOneMailEach, expectWholeAudit, listAll, watchCheckpoints,
} from './soundness.ts'

const sample = join(import.meta.dirname, '../data/recipients-1000.csv')

/** Where the same list of faults comes down. */
interface Place {
  readonly name: string
  readonly shares: readonly Share[] | undefined
}

const places: readonly Place[] = [
  {
    name: 'split: Redis flushed and restarted, Postgres stopped at once, every process killed: nothing lost, nothing twice, no name in clear',
    shares: [...moduleNames.map((module) => ({ modules: [module] })), { modules: ['gateway'], replicas: 2 }],
  },
  {
    name: 'one process on Postgres, killed, and Postgres stopped at once: nothing lost, nothing twice, no name in clear',
    shares: undefined,
  },
]
/** The one process dies as often as it would have had parts. */
const MONOLITH_KILLS = 5

const CLIENTS = 6

/** The role of a module reads its own schema and no other. */
async function expectWalls(databaseUrl: string): Promise<void> {
  for (const module of moduleNames) for (const other of moduleNames) {
    const reading = query(databaseUrl, `set role vellum_${module}; select count(*) from vellum_${other}.outbox`)
    if (module === other) await reading
    else await assert.rejects(reading, /permission denied for schema/)
  }
}

/** Every process says that it lives, that it is ready, and how it is. */
async function expectHealthy({ installation }: Site): Promise<void> {
  for (const { name, internalUrl } of installation.processes) for (const path of ['/livez', '/readyz', '/health']) {
    const response = await fetch(internalUrl + path)
    assert.equal(response.status, 200, `${name} answers ${response.status} to ${path}: ${await response.text()}`)
  }
}

const faultIn = ({ name, shares }: Place): Fault => ({
  name,
  long: shares === undefined,
  async run({ random, full, say }) {
    const mark = random.between(100_000, 999_999)
    const words = [`Quibberwock${mark}`, `Zanzalune${mark}`, `zq${mark}`] as const
    const kept = mkdtempSync(join(tmpdir(), 'vellum-aof-'))
    const port = await freePort()
    const openRedis = async () => (shares ? startRedis({ appendOnly: true, directory: kept, port }) : undefined)
    const anvil = await startAnvil()
    const collector = await startCollector()
    const postgres = await startPostgres({ durable: true })
    let redis = await openRedis()
    let site: Site | undefined
    try {
      const databaseUrl = await postgres.createDatabase()
      site = await openSite({
        ...(shares && { shares }),
        environment: {
          DATABASE_URL: databaseUrl,
          ...(redis && { REDIS_URL: redis.url }),
          OTLP_URL: collector.url,
          MASTER_KEY: randomBytes(32).toString('base64'),
          EVM_RPC_URL: anvil.url,
          ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey,
          ANCHOR_INTERVAL_MS: '500',
          ANCHOR_POLL_MS: '50',
          LOG_LEVEL: 'debug',
          ACCESS_TOKEN_SECONDS: '3600',
        },
      })
      const { installation, issuer, ask, smtp } = site
      const flush = async () => {
        if (!redis) return
        const connection = new Connection(redis.url)
        await connection.flushall()
        connection.disconnect()
      }
      const rows = full ? 1_000 : 120
      const [first, last, local] = words
      const lines = readFileSync(sample, 'utf8').split(/\r?\n/).slice(0, rows)
      // The canary is one of them.
      const csv = `${[...lines, `${first} ${last},${local}@${local}.example.org,Distributed Systems,2026-01-01,EXT-canary,en`].join('\n')}\n`
      const checkpoints = watchCheckpoints(ask)
      const batch = uploaded(issuer, csv, 'file')
      const load = await startLoad(site, { random, prefix: 'split', clients: CLIENTS, restMs: full ? 40 : 120 })

      await delay(1_500)
      await flush()
      const victims = shares ? installation.processes : Array.from({ length: MONOLITH_KILLS }, () => installation.processes[0]!)
      for (const one of victims) {
        await delay(random.between(100, 900))
        await one.kill()
        await one.start()
      }
      await redis?.stop()
      await delay(500)
      redis = await openRedis()
      await delay(500)
      await postgres.crash()
      await delay(1_000)
      await flush()
      await delay(1_000)
      const entries = await load.stop()
      const id = await batch
      const finished = await batchFinished(issuer, id, 180_000)
      assert.deepEqual([finished.created, finished.refused], [rows, 0])
      await untilQuiet(site)

      const credentials = await listAll(issuer)
      expectOneEach(entries, credentials)
      assert.equal(credentials.length, entries.length + rows)
      const { repeated } = await expectOneMailEach(smtp, credentials.map(({ recipient }) => recipient.email))
      const seen = await checkpoints.stop()
      const log = await expectOneLeafEach(site, credentials)
      await expectConsistent(ask, seen, log)
      await expectWholeAudit(site)
      await expectHealthy(site)
      await expectWalls(databaseUrl)
      await expectAnchored(site, [credentials[0]!, credentials.at(-1)!, credentials[Math.floor(credentials.length / 2)]!])
      say(`${credentials.length} credentials, ${repeated} mails repeated`)
      // Without a gateway nobody holds a request while the process is away: clients see that, and come again.
      ;(shares ? expectMostAnswered : tell)(load.tally, say)

      const backup = await installation.cli('backup', join(kept, 'backup'), '--keys', join(kept, 'keys'))
      assert.equal(backup.status, 0, backup.stderr)
      const traced = await installation.cli('trace', credentials.find(({ recipient }) => recipient.email.startsWith(local))!.id)
      assert.equal(traced.status, 0, traced.stderr)
      assert.equal(await installation.stop(), 0, installation.output().slice(-3_000))
      // What Postgres holds in memory alone goes into its files.
      await query(databaseUrl, 'checkpoint')
      await redis?.stop()
      const below = (name: string, folder: string) => [...readTree(folder)].map(([path, content]) => [`${name}/${path}`, content] as const)
      const files = new Map([
        ...below('installation', installation.directory),
        ...below('postgres', postgres.directory),
        ...below('kept', kept),
        ['(output)', Buffer.from(installation.output())] as const,
        ['(timeline)', Buffer.from(traced.stdout)] as const,
        ...collector.bodies.map((body, at) => [`(spans)/${at}`, Buffer.from(body)] as const),
      ])
      const redisFiles = shares ? ['kept/appendonlydir'] : []
      for (const folder of ['installation/data/blobs', 'postgres/base', 'postgres/pg_wal', 'kept/backup', 'kept/keys', '(spans)', ...redisFiles])
        assert.ok([...files.keys()].some((path) => path.startsWith(folder)), `There is nothing in ${folder}.`)
      assert.deepEqual(findTexts(files, words), [])
      say(`${files.size} files searched for the canary`)
    } finally {
      await site?.stop()
      await redis?.stop()
      await postgres.stop()
      await collector.stop()
      await anvil.stop()
      rmSync(kept, { recursive: true, force: true })
    }
  },
})

export default places.map(faultIn)
