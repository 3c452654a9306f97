import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { program } from '../../modules.ts'
import { connectPostgres } from '../database/postgres-connection.ts'
import { startPostgres } from '../../../test/servers/postgres.ts'
import { startRedis } from '../../../test/servers/redis.ts'
import { startS3 } from '../../../test/servers/s3.ts'
import { examine } from './doctor-command.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vellum-doctor-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const data = () => join(directory, 'data')
/** What is found by its check, with everything else as it would be set. */
async function found(environment: Record<string, string> = {}) {
  const checks = await examine(program, { DATA_DIR: data(), MAIL_DIR: join(directory, 'mail'), PUBLIC_URL: 'http://127.0.0.1:1', ...environment })
  return (name: string) => checks.find(({ check }) => check === name)
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

describe('the doctor', () => {
  it('finds nothing that fails on an empty machine, and makes nothing', async () => {
    const checks = await examine(program, { DATA_DIR: data() })
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([])
    expect(() => rmSync(data())).toThrow('ENOENT')
  })

  it('looks into the bucket without writing, and says what replicas need where there is none', async () => {
    const s3 = await startS3()
    try {
      expect((await found({ S3_URL: s3.url }))('blobs')).toEqual({ check: 'blobs', state: 'ok', say: 'The bucket answers, and can be listed.' })
      expect((await found({ S3_URL: s3.url.replace(':S3RVER@', ':wrong@') }))('blobs'))
        .toMatchObject({ state: 'fail', say: expect.stringMatching(/^S3_URL: the bucket vellum answers 403/) })
      expect(readdirSync(`${s3.directory}/vellum`)).toEqual([])
    } finally {
      await s3.stop()
    }
    expect((await found({ DATABASE_URL: `postgres://v@127.0.0.1:${await closedPort()}/v` }))('blobs'))
      .toMatchObject({ state: 'ok', say: expect.stringContaining('Replicas on other hosts need the same folder, or S3_URL.') })
  })

  it('says each wrong setting in a sentence', async () => {
    const checks = await examine(program, { PORT: 'x', SMTP_URL: 'http://mail', DATA_DIR: data() })
    expect(checks.map(({ state, say }) => [state, say.split(':')[0]])).toEqual([['fail', 'PORT'], ['fail', 'SMTP_URL']])
  })

  it('finds a folder that others may read, and a key that lies beside the data', async () => {
    mkdirSync(data(), { recursive: true })
    chmodSync(data(), 0o755)
    writeFileSync(join(data(), 'master.key'), Buffer.alloc(32, 1).toString('base64'))
    const of = await found()
    expect(of(`folder ${data()}`)).toMatchObject({ state: 'warn', say: expect.stringContaining('chmod 700') })
    expect(of('master key')).toMatchObject({ state: 'warn', say: expect.stringContaining('MASTER_KEY_FILE') })
  })

  it('finds another key than the data were made with', async () => {
    mkdirSync(data(), { recursive: true, mode: 0o700 })
    writeFileSync(join(data(), 'key-check'), '00'.repeat(32))
    const of = await found({ MASTER_KEY: Buffer.alloc(32, 2).toString('base64') })
    expect(of('master key')).toMatchObject({ state: 'fail', say: expect.stringContaining('another master key') })
  })

  it('finds a database file without a write-ahead log', async () => {
    mkdirSync(data(), { recursive: true, mode: 0o700 })
    const connection = new Sqlite(join(data(), 'issuance.sqlite'))
    connection.exec('create table x (y)')
    connection.close()
    writeFileSync(join(data(), 'master.key'), Buffer.alloc(32, 1).toString('base64'))
    const of = await found()
    expect(of('database issuance')).toMatchObject({ state: 'fail', say: expect.stringContaining('write-ahead log') })
  })

  it('finds servers that cannot be reached, each by its setting', async () => {
    const port = await closedPort()
    const of = await found({
      SMTP_URL: `smtp://127.0.0.1:${port}`, REDIS_URL: `redis://:hush@127.0.0.1:${port}`, DATABASE_URL: `postgres://u:hush@127.0.0.1:${port}/v`,
      EVM_RPC_URL: `http://127.0.0.1:${port}`, ANCHOR_PRIVATE_KEY: `0x${'1'.repeat(64)}`,
    })
    expect(of('mail')).toMatchObject({ state: 'fail', say: expect.stringContaining('SMTP_URL') })
    expect(of('redis')).toMatchObject({ state: 'fail', say: expect.stringContaining('REDIS_URL') })
    expect(of('database')).toMatchObject({ state: 'fail' })
    expect(of('chain')).toMatchObject({ state: 'fail' })
    expect(of('public address')).toMatchObject({ state: 'warn', say: expect.stringContaining('does not answer') })
    for (const name of ['mail', 'redis', 'database', 'chain']) expect(of(name)!.say).not.toContain('hush')
  })

  it('finds a Redis that throws away what it has no room for, or keeps nothing over a restart', async () => {
    const servers = await Promise.all([
      startRedis({ maxmemoryPolicy: 'allkeys-lru' }), startRedis(), startRedis({ appendOnly: true }),
    ])
    try {
      const states = []
      for (const { url } of servers) states.push((await found({ REDIS_URL: url }))('redis'))
      expect(states).toMatchObject([
        { state: 'fail', say: expect.stringContaining('noeviction') }, { state: 'warn', say: expect.stringContaining('appendonly yes') }, { state: 'ok' },
      ])
    } finally {
      for (const server of servers) await server.stop()
    }
  }, 60_000)

  it('finds a superuser on Postgres, a user that may not make what is missing, and one that loses commits', async () => {
    const postgres = await startPostgres({ durable: true })
    try {
      const url = await postgres.createDatabase()
      const client = await connectPostgres(url)
      const as = (user: string) => Object.assign(new URL(url), { username: user, password: '' }).href
      const name = new URL(url).pathname.slice(1)
      const database = async (user: string) => (await found({ DATABASE_URL: as(user) }))('database')
      try {
        await client.query(`create role weak login; create role able login createrole; grant create on database ${name} to able`)
        await client.query(`create role hasty login createrole; alter role hasty set synchronous_commit to off`)
        expect(await (await found({ DATABASE_URL: url }))('database')).toMatchObject({ state: 'warn', say: expect.stringContaining('superuser') })
        expect(await database('weak')).toMatchObject({ state: 'fail', say: expect.stringContaining('vellum_identity') })
        expect(await database('hasty')).toMatchObject({ state: 'fail', say: expect.stringContaining('synchronous_commit') })
        expect(await database('able')).toMatchObject({ state: 'ok' })
      } finally {
        await client.end()
      }
    } finally {
      await postgres.stop()
    }
  }, 60_000)
})
