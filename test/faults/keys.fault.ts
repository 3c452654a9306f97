import assert from 'node:assert/strict'
import Sqlite from 'better-sqlite3'
import { randomBytes } from 'node:crypto'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { identity } from '#modules/identity/index.ts'
import { createInstallation, type Installation } from '../installation.ts'
import { createAsk } from '../scenarios/ask.ts'
import { expectStatus } from '../scenarios/expect.ts'
import { createIssuer } from '../scenarios/issuer.ts'
import { until } from '../scenarios/until.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import type { Fault } from './fault.ts'
import { openSite, type Site, untilQuiet } from './site.ts'
import { expectOneEach, expectWholeAudit, listAll } from './soundness.ts'
import { steadyClients } from './steady-clients.ts'
import { countByKey, keyOf, sealedValues } from './stored-values.ts'

const installation = 'installation'
const newKey = () => randomBytes(32).toString('base64')

async function cli({ installation: of }: { installation: Installation }, ...args: string[]): Promise<any> {
  const { status, stdout, stderr } = await of.cli(...args, '--json')
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}${stdout}`)
  return JSON.parse(stdout)
}

/**
 * What is sealed with the keys of the organization and of the installation everywhere: a contact, a refused record, a picture, a person with an invitation, a mail and a
 * session, and what every issuer has. Answers whether that person is still signed in, and can sign in.
 */
async function sealEverywhere({ issuer, ask, client, installation: { publicUrl } }: Site): Promise<() => Promise<void>> {
  expectStatus(await issuer.ask('PATCH', '/v1/organization', { json: { contactEmail: issuer.email('office') } }), 200)
  const csv = 'name,email,course\nAda,no address,Singing\nGrace,grace@example.org,Singing\n'
  expectStatus(await issuer.ask('POST', '/v1/batches', { body: csv, headers: { 'content-type': 'text/csv' } }), 202)
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  expectStatus(await issuer.ask('POST', '/v1/templates/images', { body: pixel, headers: { 'content-type': 'image/png' } }), 200)
  const [email, password] = [issuer.email('owner'), 'correct horse battery']
  const { link } = await client(identity).inviteMember({ organizationId: issuer.organizationId, email, role: 'owner' })
  const headers = { origin: publicUrl }
  const token = link.slice(link.lastIndexOf('/') + 1)
  expectStatus(await ask('POST', '/v1/invitations/accept', { json: { token, name: 'Olive Owner', password }, headers }), 201)
  await client(identity).inviteMember({ organizationId: issuer.organizationId, email: issuer.email('pending'), role: 'viewer' })
  const signIn = async () => expectStatus(await ask('POST', '/v1/session', { json: { email, password }, headers }), 201)
  const cookie = (await signIn()).headers.getSetCookie().map((line) => line.split(';')[0]).join('; ')
  return async () => {
    expectStatus(await ask('POST', '/v1/session/token', { json: { organization: issuer.organizationId }, headers: { ...headers, cookie } }), 200)
    await signIn()
    const { invitations } = expectStatus(await issuer.ask('GET', '/v1/invitations'), 200).json
    assert.ok(invitations.some((one: { email: string }) => one.email === issuer.email('pending')))
  }
}

/** Rotates both kinds of keys while clients ask; `swapMaster` gives the processes another master key. */
async function rotateUnderLoad(site: Site, { swapMaster, values, seconds, say }: {
  readonly swapMaster: () => void
  readonly values: () => ReturnType<typeof sealedValues>
  readonly seconds: number
  readonly say: (text: string) => void
}) {
  const { issuer } = site
  const subjects = [installation, issuer.organizationId]
  const expectSignedIn = await sealEverywhere(site)
  await untilQuiet(site)
  const before = countByKey(await values(), subjects)
  const [oldMaster] = Object.keys(before).filter((name) => name.startsWith('master:'))
  for (const subject of subjects) assert.ok(before[`${subject} 1`]! > 1, JSON.stringify(before))

  const load = steadyClients(site, 50, 'steady')
  await delay(1_000)
  swapMaster()
  const { active } = await cli(site, 'keys', 'rotate', '--master')
  await until('the data keys to be wrapped anew', async () =>
    (await site.client(identity).keyStatus({})).masterKeys.every(({ id, wraps }) => id === active || wraps === 0))
  await delay(500)
  await cli(site, 'keys', 'retire', '--master')

  await cli(site, 'keys', 'rotate', '--all')
  const early = await site.installation.cli('keys', 'retire', '--all')
  assert.equal(early.status, 1, 'It retires what is in use.')
  assert.match(early.stderr, /(\d+ left|not counted yet)/)
  await delay(500)
  const soon = await values()
  const fresh = countByKey(soon, subjects)
  assert.ok(fresh[`${issuer.organizationId} 2`]! > 0, 'What is new is not sealed with the new key at once.')
  await until('every module to have sealed anew', async () =>
    (await site.client(identity).keyStatus({})).rotations.every(({ modules }) => modules.length === 4 && modules.every(({ done }) => done)))
  await delay(seconds * 1_000)
  const entries = await load.stop()
  say(`${load.sent} requests meanwhile, ${entries.length} of them new credentials`)
  assert.deepEqual(load.faults, [], 'A request failed while keys were rotated.')
  await untilQuiet(site)

  await expectSignedIn()

  const after = countByKey(await values(), subjects)
  say(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`)
  assert.equal(after[oldMaster!], undefined, 'A data key is still wrapped with the old master key.')
  for (const subject of subjects) assert.equal(after[`${subject} 1`], undefined, 'Something is still sealed with the old data key.')
  return { entries, oldMaster: oldMaster! }
}

const onSqlite: Fault = {
  name: 'master key and data keys are rotated at 50 requests a second: no error, nothing under the old ones, which are retired; backups cope; values that were moved do not open',
  async run({ say, full }) {
    const site = await openSite({ environment: { DATA_KEY_SECONDS: '4' } })
    const { installation: running, issuer } = site
    const folder = mkdtempSync(join(tmpdir(), 'vellum-keys-'))
    let second: Installation | undefined
    try {
      const [master, previous] = ['master.key', 'master.key.previous'].map((name) => join(running.dataDir, name)) as [string, string]
      const early = await issuer.issue({ email: issuer.email('early') })
      await cli(site, 'backup', join(folder, 'data'))
      const values = () => sealedValues({ dataDir: running.dataDir }, join(running.dataDir, 'blobs'))
      const { entries } = await rotateUnderLoad(site, {
        values, seconds: full ? 20 : 1, say,
        swapMaster() {
          copyFileSync(master, previous)
          writeFileSync(master, `${newKey()}\n`)
        },
      })
      // Data from before a rotation opens with keys from after it, until the old versions are retired.
      await cli(site, 'backup', join(folder, 'later'), '--keys-only')
      await cli(site, 'keys', 'retire', '--all')
      await cli(site, 'backup', join(folder, 'retired'), '--keys-only')
      const keep = readFileSync(master)

      assert.equal(await running.stop(), 0)
      const stale = readFileSync(previous, 'utf8').trim()
      rmSync(previous)
      await expectRefused(running, { MASTER_KEY: stale })
      await running.start()
      await untilQuiet(site)
      const early2 = expectStatus(await issuer.ask('GET', `/v1/credentials/${early.id}`), 200).json
      assert.equal(early2.recipient.name, early.order.name)
      expectOneEach(entries, (await listAll(issuer)).filter(({ recipient }) => recipient.email.startsWith('steady')))
      const late = await issuer.issue({ email: issuer.email('late') })
      await issuer.published(late.publicUrl)
      await expectWholeAudit(site)

      const { INTERNAL_PORT: _, DATA_DIR: __, MAIL_DIR: ___, ...same } = running.environment
      for (const [keys, fit] of [['later', true], ['retired', false]] as const) {
        second = await createInstallation({ environment: { ...same, PORT: '0' } })
        mkdirSync(second.dataDir, { recursive: true })
        writeFileSync(join(second.dataDir, 'master.key'), keep, { mode: 0o600 })
        cpSync(join(folder, keys), join(folder, 'data-keys'), { recursive: true, force: true })
        rmSync(join(folder, 'data-keys'), { recursive: true })
        cpSync(join(folder, keys), join(folder, 'data-keys'), { recursive: true })
        const restored = await second.cli('restore', join(folder, 'data'), '--verify', '--json')
        assert.equal(restored.status === 0, fit, `With keys ${keys}: ${restored.status} ${restored.stdout}${restored.stderr}`)
        await second.remove()
      }
      await expectMovedIsRefused(site, early.id, late.id)
    } finally {
      await second?.remove()
      await site.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function expectRefused({ directory, environment }: Installation, more: Record<string, string>): Promise<void> {
  const intruder = await createInstallation({ directory, environment: { SERVICE_SECRET: environment.SERVICE_SECRET!, ...more } })
  await intruder.start({ wait: false })
  assert.equal(await intruder.exited, 78, intruder.output())
  assert.match(intruder.output(), /another master key/)
  await intruder.remove()
}

/** Values of one row put into another, into another column, and into another organization's: each is refused, none shows another's name. */
async function expectMovedIsRefused(site: Site, one: string, other: string): Promise<void> {
  const { installation: running, issuer } = site
  const stranger = await createIssuer({ client: site.client }, createAsk(running))
  const theirs = await stranger.issue({ name: 'Stranger', email: stranger.email('stranger') })
  await stranger.ask('PATCH', '/v1/organization', { json: { contactEmail: stranger.email('office') } })
  await untilQuiet(site)
  assert.equal(await running.stop(), 0)
  const change = (module: string, sql: string, ...values: unknown[]): void => {
    const database = new Sqlite(join(running.dataDir, `${module}.sqlite`))
    database.prepare(sql).run(...values)
    database.close()
  }
  const saved = new Sqlite(join(running.dataDir, 'issuance.sqlite'), { readonly: true })
  const row = (id: string) => saved.prepare('select personal, document from credentials where id = ?').get(id) as { personal: Buffer; document: Buffer }
  const [mine, next, foreign] = [row(one), row(other), row(theirs.id)]
  saved.close()
  const set = 'update credentials set personal = ?, document = ? where id = ?'
  const moves: [string, Buffer, Buffer][] = [
    ['another row', next.personal, mine.document],
    ['another column', mine.document, mine.personal],
    ['another organization', foreign.personal, mine.document],
  ]
  for (const [what, personal, document] of moves) {
    change('issuance', set, personal, document, one)
    await running.start()
    const answer = await issuer.ask('GET', `/v1/credentials/${one}`)
    assert.equal(answer.status, 500, `A value of ${what} was opened: ${answer.text}`)
    assert.ok(!answer.text.includes('Stranger'))
    assert.equal(await running.stop(), 0)
  }
  change('issuance', set, mine.personal, mine.document, one)
  change('identity', `update organizations set contact_email = (select contact_email from organizations where id = ?) where id = ?`, stranger.organizationId, issuer.organizationId)
  await running.start()
  assert.equal((await issuer.ask('GET', '/v1/organization')).status, 500, 'A value of another organization was opened.')
  expectStatus(await issuer.ask('GET', `/v1/credentials/${one}`), 200)
}

const apart: Fault = {
  name: 'master key and data keys are rotated at 50 requests a second in processes apart, two of each',
  long: true,
  async run({ say }) {
    const [postgres, redis] = [await startPostgres(), await startRedis()]
    const folder = mkdtempSync(join(tmpdir(), 'vellum-keys-'))
    let site: Site | undefined
    try {
      const url = await postgres.createDatabase()
      const [current, previous] = [join(folder, 'current'), join(folder, 'previous')]
      const [old, next] = [newKey(), newKey()]
      for (const file of [current, previous]) writeFileSync(file, old)
      const shares = [['identity'], ['issuance'], ['verification', 'notification'], ['gateway']].map((modules) => ({ modules, replicas: 2 }))
      site = await openSite({
        shares,
        environment: {
          DATABASE_URL: url, REDIS_URL: redis.url, DATA_KEY_SECONDS: '4', MASTER_KEY_FILE: current, MASTER_KEY_PREVIOUS_FILE: previous,
          BLOBS_DIR: join(folder, 'blobs'),
        },
      })
      const { entries, oldMaster } = await rotateUnderLoad(site, {
        values: () => sealedValues({ url }, join(folder, 'blobs')), seconds: 5, say,
        swapMaster: () => writeFileSync(current, next),
      })
      await cli(site, 'keys', 'retire', '--all')
      await untilQuiet(site)
      expectOneEach(entries, (await listAll(site.issuer)).filter(({ recipient }) => recipient.email.startsWith('steady')))
      assert.ok(!(await sealedValues({ url }, join(folder, 'blobs'))).some((value) => keyOf(value).subject === oldMaster))
    } finally {
      await site?.stop()
      await redis.stop()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

export default [onSqlite, apart]
