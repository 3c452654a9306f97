import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { verification } from '#modules/verification/index.ts'
import { createInstallation, type Installation } from '../installation.ts'
import { nodeEnvironment } from '../node-environment.ts'
import { createAsk } from '../scenarios/ask.ts'
import { expectStatus } from '../scenarios/expect.ts'
import { createIssuer } from '../scenarios/issuer.ts'
import { until } from '../scenarios/until.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { startSmtp } from '../servers/smtp.ts'
import type { Fault, FaultContext } from './fault.ts'
import { openLedger, settle } from './ledger.ts'
import { clientOf, type Site, untilQuiet } from './site.ts'
import { expectConsistent, expectOneEach, expectOneLeafEach, expectOneMailEach, expectWholeAudit, listAll, watchCheckpoints } from './soundness.ts'

const cli = resolve(import.meta.dirname, '../../src/cli.ts')

/** A command in the environment of the process that runs most; with `killedAfterMs` it does not come to its end. */
async function command({ processes: [first] }: Pick<Installation, 'processes'>, args: readonly string[], killedAfterMs?: number): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...nodeEnvironment(), ...first!.environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  if (killedAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killedAfterMs)
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  return new Promise((done) => child.once('close', (status) => done({ status, output })))
}

/** Readers of what verification alone answers: every answer is right, or asks to come again. */
function readers({ ask }: Site, published: () => readonly string[]) {
  const wrong: string[] = []
  const counts = { answered: 0, later: 0 }
  let stopped = false
  const look = async (path: string) => {
    const answer = await ask('GET', path, { headers: { accept: 'application/json' } }).catch((error: unknown) => error as Error)
    if (!('status' in answer)) wrong.push(`${path}: ${String(answer.cause ?? answer)}`)
    else if (answer.status === 200) counts.answered++
    else if (answer.status === 503 && answer.headers.get('retry-after') !== null) counts.later++
    else wrong.push(`${path} answers ${answer.status}: ${answer.text}`)
  }
  const reading = Promise.all(Array.from({ length: 2 }, async (_, reader) => {
    for (let at = reader; !stopped; at++) {
      const known = published()
      await look(at % 3 === 0 ? '/log/checkpoint' : known[at % known.length]!)
      await delay(30)
    }
  }))
  return {
    counts,
    async stop(): Promise<string[]> {
      stopped = true
      await reading
      return wrong
    },
  }
}

async function run({ random, say }: FaultContext, database: Record<string, string>, moved: Record<string, string>): Promise<void> {
  const [redis, smtp] = [await startRedis(), await startSmtp({ keepBodies: true })]
  const installation = await createInstallation({
    shares: [
      { modules: ['identity', 'issuance', 'verification', 'notification'], environment: database },
      { modules: ['verification'], environment: { AWAIT_MOVE: 'true', ...moved } },
      { modules: ['gateway'] },
    ],
    environment: {
      STEP_RETRY_BASE_MS: '200', SWEEP_INTERVAL_MS: '200', CHECKPOINT_INTERVAL_MS: '50', RENDER_WORKERS: '1', LOG_LEVEL: 'warn',
      RATE_LIMIT_CLIENT: '0', RATE_LIMIT_ADDRESS: '0',
      MASTER_KEY: randomBytes(32).toString('base64'), SERVICE_SECRET: randomBytes(32).toString('base64url'),
      SMTP_URL: smtp.url, REDIS_URL: redis.url,
    },
  })
  try {
    await installation.start()
    const [rest, alone] = installation.processes as [Installation['processes'][number], Installation['processes'][number]]
    const ask = createAsk(installation)
    const client = clientOf({ ...installation, addressesOf: () => [rest.internalUrl] })
    const issuer = await createIssuer({ client }, ask)
    const site: Site = { installation, smtp, ask, client, issuer, stop: () => installation.remove() }

    const first = await issuer.issue()
    await issuer.published(first.publicUrl)
    const published = [first.publicUrl]
    const watch = watchCheckpoints(ask)
    const reading = readers(site, () => published)
    const entries = openLedger(issuer, 2_000, 'move')
    let stopped = false
    const rows = entries.values()
    const issuing = Promise.all(Array.from({ length: 2 }, async () => {
      for (const entry of rows) {
        if (stopped) return
        await settle(issuer, entry)
        await delay(80)
      }
    }))
    const issued = () => entries.filter(({ answers }) => answers.length > 0)
    const isPublic = async (what: string) => {
      const { id } = expectStatus(await issuer.ask('POST', '/v1/credentials', { json: { recipient: { name: what, email: issuer.email(what) }, achievement: { name: 'Moving' } } }), 202).json
      const { publicUrl } = await issuer.issued(id as string)
      await issuer.published(publicUrl)
      published.push(publicUrl)
    }

    const moveTo = (url: string, killedAfterMs?: number) => command(installation, ['topology', 'move', 'verification', '--to', url, '--json'], killedAfterMs)
    // Whoever orders it dies on the way, and so does the process that it leaves: the next order goes on.
    await moveTo(alone.internalUrl, random.between(800, 2_500))
    await rest.kill()
    await rest.start()
    const there = await moveTo(alone.internalUrl)
    assert.equal(there.status, 0, there.output + installation.output())
    await isPublic('there')
    assert.equal((await clientOf({ ...installation, addressesOf: () => [alone.internalUrl] })(verification).logState({})).size > 0, true)
    await assert.rejects(client(verification).logState({}), 'It runs in two processes.')
    if (database.DATABASE_URL === undefined) assert.ok(existsSync(join(rest.environment.DATA_DIR!, 'verification.sqlite.moved')))
    const before = issued().length
    await delay(1_000)
    // What is on record decides, not what a process remembers.
    await alone.kill()
    await alone.start()
    await isPublic('again')

    const back = await moveTo(rest.internalUrl)
    assert.equal(back.status, 0, back.output + installation.output())
    await isPublic('back')
    await delay(500)
    stopped = true
    await issuing
    const wrong = await reading.stop()
    const seen = await watch.stop()
    const [thereMs, backMs] = [there, back].map(({ output }) => (JSON.parse(output.trim().split('\n').at(-1)!) as { tookMs: number }).tookMs)
    say(`there in ${thereMs} ms, back in ${backMs} ms; ${issued().length} issued (${before} by the first move), ${reading.counts.answered} answers, ${reading.counts.later} asked to come again`)
    assert.deepEqual(wrong, [])
    assert.ok(reading.counts.answered > 20)
    assert.deepEqual(entries.filter(({ refused }) => refused), [])

    await untilQuiet(site)
    const credentials = await listAll(issuer)
    expectOneEach(issued(), credentials)
    assert.equal(credentials.length, issued().length + 4)
    const leaves = await until('every leaf', async () => expectOneLeafEach(site, credentials).catch(() => undefined))
    await expectConsistent(ask, seen, leaves)
    await until('every mail', async () => smtp.count >= credentials.length)
    await expectOneMailEach(smtp, credentials.map(({ recipient }) => recipient.email))
    await expectWholeAudit({ installation: { ...installation, cli: (...args) => command(installation, args).then(({ status, output }) => ({ status: status ?? 1, stdout: output.trim().split('\n').at(-1)!, stderr: '' })) } })
  } finally {
    await installation.remove()
    await smtp.stop()
    await redis.stop()
  }
}

const faults: readonly Fault[] = [
  {
    name: 'verification leaves a running monolith under load and comes back: answers or 503 with Retry-After, no event lost, the log unbroken',
    async run(context) {
      await run(context, {}, {})
      if (!context.full) return
      const postgres = await startPostgres()
      try {
        await run(context, { DATABASE_URL: await postgres.createDatabase() }, { DATABASE_URL: await postgres.createDatabase() })
      } finally {
        await postgres.stop()
      }
    },
  },
]

export default faults
