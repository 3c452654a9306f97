import assert from 'node:assert/strict'
import Sqlite from 'better-sqlite3'
import { Redis } from 'ioredis'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInstallation, type Installation } from '../installation.ts'
import { readZip } from '../issuance/read-zip.ts'
import { recipientOf } from '../api/recipients.ts'
import { createAsk } from '../scenarios/ask.ts'
import { expectProblem, expectStatus } from '../scenarios/expect.ts'
import { mailsTo } from '../scenarios/mails.ts'
import { until } from '../scenarios/until.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { uploaded } from './batch-file.ts'
import type { Fault } from './fault.ts'
import { findTexts, readTree } from './files.ts'
import { openSite, type Site, untilQuiet } from './site.ts'
import { expectConsistent, expectOneLeafEach, expectWholeAudit, listAll, watchCheckpoints } from './soundness.ts'
import { storedRows } from './stored-values.ts'

const first = 'Quibberwock'
const last = 'Zanzalune'
const local = 'zanzalune.q'
const words = [first, last, local]

interface Erased {
  readonly id: string
  readonly publicUrl: string
  readonly credentials: Awaited<ReturnType<typeof listAll>>
  /** Bytes that could lead back to the person: their key as it was stored, and digests that nobody else has. */
  readonly traces: readonly Buffer[]
}

/** Issues to a file of so many, one of whom is refused once too; tells of the one who is going to be erased. */
async function issueToMany(site: Site, count: number, traces: (recipientId: string) => Promise<Buffer[]>): Promise<Erased> {
  const { issuer } = site
  const email = issuer.email(local)
  const rows = Array.from({ length: count - 1 }, (_, at) => `Person ${at},${issuer.email(`person${at}`)},Singing`)
  await uploaded(issuer, ['name,email,course', ...rows.slice(0, 7), `${first} ${last},${email},Singing`, `${first},${email},`, ...rows.slice(7)].join('\n'), 'erasure')
  await untilQuiet(site)
  const credentials = await listAll(issuer)
  assert.equal(credentials.length, count)
  const { id } = credentials.find(({ recipient }) => recipient.email === email)!
  const { recipient, publicUrl } = expectStatus(await issuer.ask('GET', `/v1/credentials/${id}`), 200).json
  // Things that are drawn and kept when they are asked for.
  expectStatus(await site.ask('GET', `${publicUrl}/preview.png`), 200)
  // They came in, asked to be erased, and have a link that nobody used.
  await (await recipientOf(site.installation, issuer.slug, email)).post('erasure')
  expectStatus(await site.ask('POST', `/recipient/${issuer.slug}/link`, { form: { email }, headers: { origin: site.installation.publicUrl } }), 200)
  await until('a second link', async () => (await mailsTo(site.installation.mailDir, email)).filter(({ text }) => text?.includes('/link/')).length === 2)
  return { id: recipient.id, publicUrl, credentials: credentials.filter((one) => one.id !== id), traces: await traces(recipient.id) }
}

/** The receipt, once every module has confirmed, signed by the installation. */
async function receiptOf({ issuer, ask }: Site, id: string) {
  const receipt = await until('the receipt to be complete', async () => {
    const { json } = expectStatus(await issuer.ask('GET', `/v1/recipients/${id}/erasure`), 200)
    return json.complete && json
  })
  assert.deepEqual(receipt.pending, [])
  assert.deepEqual(receipt.parts.map(({ module }: { module: string }) => module), ['identity', 'issuance', 'notification', 'verification'])
  const jwks = expectStatus(await ask('GET', '/oauth/jwks.json'), 200).json
  const { payload } = await jwtVerify(receipt.signed, createLocalJWKSet(jwks), { typ: 'erasure-receipt+jwt', algorithms: ['EdDSA'] })
  assert.deepEqual([payload.recipientId, payload.parts], [id, receipt.parts])
  assert.doesNotMatch(JSON.stringify(receipt), new RegExp(words.join('|'), 'i'))
  return receipt
}

async function expectGone({ ask, issuer }: Pick<Site, 'ask' | 'issuer'>, { publicUrl }: Erased): Promise<void> {
  expectProblem(await ask('GET', publicUrl, { headers: { accept: 'application/json' } }), 410, 'gone')
  const page = expectStatus(await ask('GET', publicUrl, { headers: { accept: 'text/html' } }), 410)
  assert.match(page.text, /erased/)
  assert.doesNotMatch(page.text, new RegExp(words.join('|'), 'i'))
  for (const query of [first, last.slice(0, 5), issuer.email(local)])
    assert.deepEqual(expectStatus(await issuer.ask('GET', `/v1/credentials?q=${encodeURIComponent(query)}`), 200).json.credentials, [])
}

async function expectOthersVerify({ ask, issuer }: Site, { credentials }: Erased): Promise<void> {
  const rest = credentials.values()
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (const { publicUrl, recipient } of rest) {
      const { json } = expectStatus(await ask('GET', publicUrl, { headers: { accept: 'application/json' } }), 200)
      assert.equal(json.checks.signature.verified, true, `${publicUrl} does not verify.`)
      assert.ok(recipient.email.startsWith('person'))
    }
  }))
  assert.equal((await listAll(issuer)).filter(({ recipient }) => recipient !== null).length, credentials.length)
}

/** What an organization takes out holds all but the erased, and the process that makes it does not hold it. */
async function expectExported({ issuer, installation }: Site, { credentials }: Erased, say: (text: string) => void): Promise<void> {
  const mostMemory = async () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${await installation.pid}/status`, 'utf8'))![1]) / 1_024
  const before = await mostMemory()
  const { bytes } = expectStatus(await issuer.ask('GET', '/v1/exports/organization'), 200)
  const files = new Map((await readZip(bytes)).map(({ name, content }) => [name, content]))
  const exported = [...files.keys()].filter((name) => name.startsWith('issuance/certificates/'))
  assert.equal(exported.length, credentials.length)
  assert.deepEqual(findTexts(files, words), [], 'in what was taken out')
  say(`an export of ${files.size} files, ${(bytes.length / 2 ** 20).toFixed(1)} MB, made the process grow by ${Math.round((await mostMemory()) - before)} MB at the most`)
}

/** No file holds a name in any form, or a trace of the person. */
function expectNothing(files: ReadonlyMap<string, Buffer>, { traces }: Pick<Erased, 'traces'>, when: string): void {
  assert.deepEqual(findTexts(files, words), [], when)
  for (const [path, content] of files) for (const trace of traces) assert.ok(!content.includes(trace), `${path} holds a trace of the person ${when}: ${trace.toString('latin1')}`)
}

const everything = (installation: Installation, mails: string) =>
  new Map([...readTree(installation.dataDir), ...[...readTree(mails)].map(([path, bytes]) => [`mail/${path}`, bytes] as const), ['(output)', Buffer.from(installation.output())]])

/** The digests of which a row of the search is put together: see `searchDigests`. */
const digestsIn = (rests: readonly (Buffer | string)[]) => new Set(rests.flatMap((rest) => String(rest).match(/.{11}/g) ?? []))

/** What identity and issuance have of the person before: their wrapped key, the digest of the address, and digests of words that nobody else has. */
async function tracesInSqlite(dataDir: string, recipientId: string): Promise<Buffer[]> {
  const read = (module: string, sql: string) => {
    const database = new Sqlite(join(dataDir, `${module}.sqlite`), { readonly: true })
    try {
      return database.prepare(sql).pluck().all(recipientId) as (Buffer | string)[]
    } finally {
      database.close()
    }
  }
  return [
    ...read('identity', 'select wrapped_key from data_keys where subject = ?'),
    ...read('issuance', 'select email_digest from recipients where id = ?'),
    ...read('issuance', 'select token_digest from recipient_mails where recipient_id = ?'),
    ...read('issuance', 'select start from search_words where recipient_id = ? and start not in (select start from search_words group by start having count(*) > 1)'),
    ...digestsIn(read('issuance', 'select rest from search_words where recipient_id = ?')).difference(
      digestsIn(read('issuance', 'select rest from search_words where recipient_id <> ?'))),
  ].map((value) => Buffer.from(value as string))
}

const onSqlite: Fault = {
  name: 'one of many recipients is erased: nothing of them in databases, logs, files, mails or digests, nor from an older backup with today’s keys; the others verify, and the receipt is signed',
  async run({ full, say }) {
    const count = full ? 1_000 : 40
    const site = await openSite({ environment: { SMTP_URL: '', LOG_LEVEL: 'debug' } })
    const { installation, issuer } = site
    const folder = mkdtempSync(join(tmpdir(), 'vellum-erasure-'))
    let second: Installation | undefined
    try {
      const watch = watchCheckpoints(site.ask)
      const erased = await issueToMany(site, count, (id) => tracesInSqlite(installation.dataDir, id))
      assert.ok(erased.traces.length > 15, 'There is nothing to be found.')
      const before = everything(installation, installation.mailDir)
      for (const trace of erased.traces) assert.ok([...before.values()].some((content) => content.includes(trace)), 'The search does not see what is there.')
      assert.ok(findTexts(before, [local]).length > 0, 'There is no mail to them.')
      const cli = async (...args: string[]) => {
        const { status, stderr } = await installation.cli(...args)
        assert.equal(status, 0, stderr)
      }
      await cli('backup', join(folder, 'data'))

      const since = performance.now()
      expectStatus(await issuer.ask('DELETE', `/v1/recipients/${erased.id}`), 200)
      const receipt = await receiptOf(site, erased.id)
      say(`complete after ${Math.round(performance.now() - since)} ms: ${JSON.stringify(receipt.parts.map(({ module, removed }: any) => ({ [module]: removed })))}`)
      expectNothing(everything(installation, installation.mailDir), erased, 'while it runs, in the write-ahead logs too')
      await expectGone(site, erased)
      await expectOthersVerify(site, erased)
      await expectExported(site, erased, say)
      await untilQuiet(site)
      await expectConsistent(site.ask, await watch.stop(), await expectOneLeafEach(site, erased.credentials, 1))
      await expectWholeAudit(site)
      await cli('backup', join(folder, 'today'), '--keys-only')
      await installation.kill()
      expectNothing(everything(installation, installation.mailDir), erased, 'after kill -9')

      // Data from before the erasure, keys from today.
      const { INTERNAL_PORT: _, DATA_DIR: __, MAIL_DIR: ___, ...same } = installation.environment
      second = await createInstallation({ port: Number(new URL(installation.publicUrl).port), environment: same })
      for (const made of [second.dataDir, second.mailDir]) mkdirSync(made, { recursive: true })
      copyFileSync(join(installation.dataDir, 'master.key'), join(second.dataDir, 'master.key'))
      rmSync(join(folder, 'data-keys'), { recursive: true })
      cpSync(join(folder, 'today'), join(folder, 'data-keys'), { recursive: true })
      const restored = await second.cli('restore', join(folder, 'data'), '--verify')
      assert.equal(restored.status, 0, restored.stderr + restored.stdout)
      await second.start()
      const ask = createAsk(second)
      const again: Site = { ...site, installation: second, ask, issuer: { ...issuer, ask: (method, path, question) => ask(method, path, { token: issuer.token, ...question }) } }
      await receiptOf(again, erased.id)
      await expectGone(again, erased)
      expectNothing(everything(second, second.mailDir), erased, 'in what was restored')
      await expectOthersVerify(again, erased)
    } finally {
      await second?.remove()
      await site.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

const apart: Fault = {
  name: 'one of many recipients is erased in processes apart: no row of Postgres, nothing in Redis, no file and no log line names them',
  long: true,
  async run() {
    const [postgres, redis] = [await startPostgres(), await startRedis()]
    const folder = mkdtempSync(join(tmpdir(), 'vellum-erasure-'))
    let site: Site | undefined
    try {
      const url = await postgres.createDatabase()
      const shares = ['identity', 'issuance', 'verification', 'notification', 'gateway'].map((module) => ({ modules: [module] }))
      site = await openSite({
        shares,
        environment: { DATABASE_URL: url, REDIS_URL: redis.url, SMTP_URL: '', LOG_LEVEL: 'debug', BLOBS_DIR: join(folder, 'blobs'), MASTER_KEY: Buffer.alloc(32, 3).toString('base64') },
      })
      const { installation } = site
      const rowsOf = async () => {
        const rows: string[] = []
        for await (const { where, row } of storedRows({ url }))
          rows.push(`${where} ${JSON.stringify(row, (_, value: unknown) => (value instanceof Object && 'type' in value && value.type === 'Buffer' ? Buffer.from((value as any).data).toString('latin1') : value))}`)
        return Buffer.from(rows.join('\n'), 'latin1')
      }
      const erased = await issueToMany(site, 200, async (id) => {
        const traces: Buffer[] = []
        for await (const { where, row } of storedRows({ url })) {
          if (where.endsWith(' data_keys') && row.subject === id) traces.push(Buffer.from(row.wrapped_key as Uint8Array))
          if (where.endsWith(' recipients') && row.id === id) traces.push(Buffer.from(row.email_digest as string))
        }
        return traces
      })
      assert.equal(erased.traces.length, 2)
      expectStatus(await site.issuer.ask('DELETE', `/v1/recipients/${erased.id}`), 200)
      await receiptOf(site, erased.id)
      await untilQuiet(site)
      const inRedis = new Map<string, Buffer>()
      const client = new Redis(redis.url)
      for (const key of await client.keys('*')) {
        const kind = await client.type(key)
        const content = kind === 'stream' ? await client.xrangeBuffer(key, '-', '+') : await client.dumpBuffer(key)
        inRedis.set(`redis ${key}`, Array.isArray(content) ? Buffer.concat(content.flatMap(([id, fields]) => [id, ...fields])) : content ?? Buffer.alloc(0))
      }
      client.disconnect()
      assert.ok(inRedis.size > 3)
      const mails = new Map([...readTree(installation.directory), ...readTree(folder)])
      expectNothing(new Map([...mails, ...inRedis, ['rows', await rowsOf()], ['output', Buffer.from(installation.output())]]), erased, 'once erased')
      await expectGone(site, erased)
      await expectOthersVerify(site, erased)
      assert.ok(readFileSync(join(installation.directory, 'mail', [...readTree(installation.mailDir).keys()][0]!)).length > 0)
    } finally {
      await site?.stop()
      await redis.stop()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

export default [onSqlite, apart]
