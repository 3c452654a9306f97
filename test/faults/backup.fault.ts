import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '#platform/call/client.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { httpTransport } from '#platform/call/transport.ts'
import { platformContract } from '#platform/platform-operations.ts'
import { createInstallation, type Installation } from '../installation.ts'
import { moduleNames } from '../module-names.ts'
import { type Ask, createAsk } from '../scenarios/ask.ts'
import { expectStatus } from '../scenarios/expect.ts'
import { createIssuer } from '../scenarios/issuer.ts'
import { readCheckpoint, readEntries } from '../scenarios/reference-log.ts'
import { until } from '../scenarios/until.ts'
import { startAnvil } from '../servers/anvil.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import type { Misbehaviour } from '../servers/smtp.ts'
import { uploaded } from './batch-file.ts'
import type { Fault } from './fault.ts'
import { findTexts, readTree } from './files.ts'
import { type Entry, openLedger, settle, settleAll } from './ledger.ts'
import { clientOf, openSite, type Site, untilQuiet } from './site.ts'
import { expectConsistent, expectOneEach, expectOneLeafEach, expectWholeAudit, listAll, watchCheckpoints } from './soundness.ts'

/** The log as a stranger keeps it: its checkpoint and its entries, in the files of C2SP tlog-tiles. */
async function keepLog(ask: Ask, folder: string): Promise<number> {
  const { size, note } = await readCheckpoint(ask)
  const keep = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256)
    const path = `tile/entries/${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`
    keep(path, expectStatus(await ask('GET', `/log/${path}`), 200).bytes)
  }
  keep('checkpoint', note)
  return size
}

/** A steady client; answers everything that was acknowledged while it was at work. */
function underLoad(site: Site, prefix: string) {
  const entries = openLedger(site.issuer, 2_000, prefix)
  let stopped = false
  const rest = entries.values()
  const working = Promise.all(Array.from({ length: 2 }, async () => {
    for (const entry of rest) {
      if (stopped) return
      await settle(site.issuer, entry)
      await delay(80)
    }
  }))
  return {
    acknowledged: (): Entry[] => entries.filter(({ answers }) => answers.length > 0),
    async stop() {
      stopped = true
      await working
    },
  }
}

async function run(given: { environment: Record<string, string>; restored: Record<string, string>; say: (text: string) => void }): Promise<void> {
  const { environment, say } = given
  const folder = mkdtempSync(join(tmpdir(), 'vellum-backup-'))
  const [target, keys, copy] = [join(folder, 'backup'), join(folder, 'backup-keys'), join(folder, 'log')]
  const anvil = await startAnvil()
  let mailing = true
  const fail = ({ stage }: { stage: string }): Misbehaviour => (stage === 'recipient' && !mailing ? 421 : undefined)
  const chain = { EVM_RPC_URL: anvil.url, ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey, ANCHOR_INTERVAL_MS: '300', ANCHOR_POLL_MS: '50' }
  const site = await openSite({ environment: { ...chain, ...environment }, fail })
  const { installation, issuer, smtp } = site
  let second: Installation | undefined
  try {
    const watch = watchCheckpoints(site.ask)
    const told = openLedger(issuer, 20, 'told')
    const canary = { ...openLedger(issuer, 1, 'canary')[0]!, order: { name: 'Quibberwock Zanzalune', email: issuer.email('quibberwock') } }
    await settleAll(issuer, [...told, canary], 8)
    await untilQuiet(site)
    mailing = false
    const untold = openLedger(issuer, 20, 'untold')
    await settleAll(issuer, untold, 8)
    const load = underLoad(site, 'load')
    await delay(700)
    const csv = ['name,email,course', ...Array.from({ length: 40 }, (_, at) => `Row ${at},${issuer.email(`row${at}`)},Singing`)].join('\n')
    const batch = await uploaded(issuer, csv, 'batch')

    const before = [...load.acknowledged()]
    const begun = performance.now()
    const backup = await installation.cli('backup', target, '--verify', '--json')
    const tookMs = performance.now() - begun
    assert.equal(backup.status, 0, backup.stderr)
    const meanwhile = load.acknowledged().length - before.length
    assert.ok(meanwhile > 0, 'Nothing was accepted while the backup ran: it proves nothing.')
    say(`${before.length} accepted before and ${meanwhile} during a backup of ${JSON.parse(backup.stdout).rows} rows in ${Math.round(tookMs)} ms`)

    // What the backup does not know: it is in the log, and on the chain.
    const { size: known } = lateCheckpoint(target)
    await delay(500)
    await load.stop()
    await until('an anchor beyond the backup', async () => {
      const { json } = await site.ask('GET', `${(await issuer.issued(load.acknowledged().at(-1)!.answers[0]!.json.id as string)).publicUrl}`, { headers: { accept: 'application/json' } })
      return json?.anchor && json.anchor.size > known
    })
    const published = await keepLog(site.ask, copy)
    const seen = await watch.stop()
    await installation.kill()
    const mailedBefore = new Set(smtp.messageIds())
    say(`the backup knows ${known} leaves, the world ${published}`)
    assert.ok(published > known)

    expectNothingInClear([target, keys], readFileSync(join(installation.dataDir, 'master.key'), 'utf8').trim(), canary)

    const { INTERNAL_PORT: _, DATA_DIR: __, MAIL_DIR: ___, DATABASE_URL: ____, ...same } = installation.environment
    second = await createInstallation({ port: Number(new URL(installation.publicUrl).port), environment: { ...same, ...given.restored } })
    const refused = await second.cli('restore', target)
    assert.equal(refused.status, 78, 'It is restored without its master key.')
    mkdirSync(second.dataDir, { recursive: true })
    copyFileSync(join(installation.dataDir, 'master.key'), join(second.dataDir, 'master.key'))
    const restored = await second.cli('restore', target, '--verify', '--json')
    assert.equal(restored.status, 0, restored.stderr + restored.stdout)
    const { checked } = JSON.parse(restored.stdout) as { checked: Record<string, number> }
    say(`checked: ${JSON.stringify(checked)}`)
    assert.ok(checked['credentials of verification']! >= told.length + 1)
    assert.notEqual((await second.cli('restore', target)).status, 0, 'It is restored over what is there.')
    // What identity has witnessed is newer than the copies of those that it hears of.
    const verified = await second.cli('audit', 'verify', '--json')
    assert.equal(verified.status, 0, verified.stdout + verified.stderr)
    const { contradicted } = JSON.parse(verified.stdout) as { contradicted: { reason: string }[] }
    assert.ok(contradicted.every(({ reason }) => reason === 'set-back'), verified.stdout)
    say(`${contradicted.length} chains were set back`)

    await second.start()
    const ask = createAsk(second)
    const client = clientOf(second)
    for (const module of moduleNames)
      assert.ok((await client(platformContract(module)).auditHeads({ limit: 1 })).restoration, `The audit of ${module} does not tell that it was restored.`)
    const again: Site = { ...site, installation: second, ask, client, issuer: { ...issuer, ask: (method, path, question) => ask(method, path, { token: issuer.token, ...question }) } }

    // The log refuses to fork: what is issued now gets no place in it.
    const late = await again.issuer.ask('POST', '/v1/credentials', { json: { recipient: { name: 'Late', email: issuer.email('late') }, achievement: { name: 'Patience' } } })
    const lateId = expectStatus(late, 202).json.id as string
    await until('the late credential', async () => expectStatus(await again.issuer.ask('GET', `/v1/credentials/${lateId}`), 200).json.state === 'issued')
    await delay(1_500)
    assert.equal((await readCheckpoint(ask)).size, known, 'The log went on although the world has seen more of it.')
    assert.match(second.output(), /nothing is appended until its leaves are back/)
    const recovered = await second.cli('log', 'recover', copy)
    assert.equal(recovered.status, 0, recovered.stderr)
    mailing = true
    await until('the log to go on', async () => (await readCheckpoint(ask)).size > published)

    await untilQuiet(again)
    expectStatus(await again.issuer.ask('GET', `/v1/batches/${batch}`), 200)
    const credentials = await listAll(again.issuer)
    const there = (entries: readonly Entry[]) => expectOneEach(entries, credentials)
    there([...told, canary, ...untold, ...before])
    const { json: finished } = expectStatus(await again.issuer.ask('GET', `/v1/batches/${batch}`), 200)
    assert.deepEqual([finished.state, finished.created], ['finished', 40])
    for (const { publicUrl } of credentials) {
      const { json } = expectStatus(await ask('GET', publicUrl, { headers: { accept: 'application/json' } }), 200)
      assert.equal(json.checks.signature.verified, true, `${publicUrl} does not verify.`)
    }
    // Leaves of credentials that were issued after the backup stand in the log, and nobody knows of what.
    const { size } = await readCheckpoint(ask)
    const entries = await expectOneLeafEach({ ask }, credentials, size - credentials.length)
    await expectConsistent(ask, seen, entries)
    assert.deepEqual((await readEntries(ask, size)).length, size)
    await expectWholeAudit(again)
    expectMails(smtp.envelopes(), { told: [...told, canary], untold: [...untold, ...before], mailedBefore })
  } finally {
    await second?.remove()
    await site.stop()
    await anvil.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the backup itself tells of the log. */
function lateCheckpoint(target: string): { size: number } {
  const manifest = JSON.parse(readFileSync(join(target, 'manifest.json'), 'utf8')) as { modules: { module: string; files: { part: string; end: { told?: { checkpoint?: string } } }[] }[] }
  assert.deepEqual(manifest.modules.map(({ module }) => module), ['verification', 'notification', 'issuance', 'identity'])
  const late = manifest.modules[0]!.files.find(({ part }) => part === 'late')!
  return { size: Number(late.end.told!.checkpoint!.split('\n')[1]) }
}

/** Neither a name nor the key is in it; the data keys, which the master key wraps, are in a folder of their own. */
function expectNothingInClear(folders: readonly string[], masterKey: string, { order }: Entry): void {
  const files = new Map(folders.flatMap((folder) => [...readTree(folder)].map(([path, content]) => [join(folder, path), content] as const)))
  assert.ok(files.size > 8)
  assert.deepEqual(findTexts(files, [...order.name.split(' '), order.email.split('@')[0]!]), [])
  for (const form of [Buffer.from(masterKey), Buffer.from(masterKey, 'base64'), Buffer.from(Buffer.from(masterKey, 'base64').toString('hex'))])
    for (const [path, content] of files) assert.ok(!content.includes(form), `${path} holds the master key.`)
  const holdKeys = [...files].filter(([, content]) => content.includes('"table":"data_keys"')).map(([path]) => path)
  assert.deepEqual(holdKeys, [join(folders[1]!, 'identity.keys.jsonl')])
}

/** Whose mail was on record is not written to again; every other is, under the one Message-ID that the mail would have had. */
function expectMails(
  envelopes: readonly { messageId: string; recipients: readonly string[] }[],
  { told, untold, mailedBefore }: { told: readonly Entry[]; untold: readonly Entry[]; mailedBefore: ReadonlySet<string> },
): void {
  const mailsOf = (entry: Entry) => envelopes.filter(({ recipients }) => recipients.includes(entry.order.email))
  for (const entry of told) assert.equal(mailsOf(entry).length, 1, `${entry.key} was written to ${mailsOf(entry).length} times.`)
  for (const entry of untold) {
    assert.equal(mailsOf(entry).length, 1, `${entry.key} was written to ${mailsOf(entry).length} times.`)
    assert.ok(!mailedBefore.has(mailsOf(entry)[0]!.messageId))
  }
}

type Dialect = 'sqlite' | 'postgres'

async function between(from: Dialect, to: Dialect, say: (text: string) => void): Promise<void> {
  const postgres = [from, to].includes('postgres') ? await startPostgres() : undefined
  const urlOf = async (dialect: Dialect): Promise<Record<string, string>> => (dialect === 'postgres' ? { DATABASE_URL: await postgres!.createDatabase() } : {})
  try {
    await run({ environment: await urlOf(from), restored: await urlOf(to), say })
  } finally {
    await postgres?.stop()
  }
}

/** Processes apart are copied by one command, in the environment of the gateway, and are restored into one process. */
async function apart(say: (text: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vellum-backup-'))
  const [redis, postgres] = [await startRedis(), await startPostgres()]
  const keys = { MASTER_KEY: randomBytes(32).toString('base64'), SERVICE_SECRET: randomBytes(32).toString('base64url') }
  const installation = await createInstallation({
    shares: ['identity', 'issuance', 'verification', 'notification', 'gateway'].map((module) => ({ modules: [module] })),
    environment: { ...keys, DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url, CHECKPOINT_INTERVAL_MS: '50', SWEEP_INTERVAL_MS: '200', LOG_LEVEL: 'warn' },
  })
  const run = (environment: Readonly<Record<string, string>>, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [resolve(import.meta.dirname, '../../src/cli.ts'), ...args, '--verify', '--json'], {
      env: { PATH: process.env.PATH, ...environment }, encoding: 'utf8',
    })
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout) as { checked?: Record<string, number> }
  }
  try {
    await installation.start()
    const caller = { module: 'cli', tokens: createServiceTokens(new TextEncoder().encode(keys.SERVICE_SECRET)) }
    const client: Site['client'] = (contract) => createClient(contract, httpTransport(installation.addressesOf(contract.module)[0]!), caller)
    const issuer = await createIssuer({ client }, createAsk(installation))
    await issuer.published((await issuer.issue()).publicUrl)
    run(installation.processes.at(-1)!.environment, 'backup', join(folder, 'backup'))
    await installation.kill()
    const place = { PUBLIC_URL: installation.publicUrl, DATA_DIR: join(folder, 'data'), MAIL_DIR: join(folder, 'mail'), LOG_LEVEL: 'warn' }
    const { checked } = run({ ...keys, ...place }, 'restore', join(folder, 'backup'))
    say(`of processes apart: ${JSON.stringify(checked)}`)
    assert.equal(checked!['credentials of verification'], 1)
  } finally {
    await installation.remove()
    await redis.stop()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const faults: readonly Fault[] = [
  {
    name: 'a backup under load, restored elsewhere: all that was acknowledged is there and verifies, queues go on, the log refuses to fork',
    run: ({ say }) => between('sqlite', 'sqlite', say),
  },
  {
    name: 'the same with Postgres, and a backup of one database restored on the other',
    async run({ full, say }) {
      await between('postgres', 'sqlite', say)
      if (!full) return
      await between('postgres', 'postgres', say)
      await between('sqlite', 'postgres', say)
      await apart(say)
    },
  },
]

export default faults
