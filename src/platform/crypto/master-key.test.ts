import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../config.ts'
import { openMasterKey, openServiceSecret, recordKeyCheck } from './master-key.ts'

const key = randomBytes(32).toString('base64')
let dataDir = ''

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'vellum-master-key-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

/** Every file with its bytes and time of change. */
const snapshot = () =>
  readdirSync(dataDir).map((name) => {
    const path = join(dataDir, name)
    return { name, content: readFileSync(path).toString('hex'), changed: statSync(path).mtimeMs }
  })

describe('the master key', () => {
  it('is generated on a first run, for the owner alone, and found again', () => {
    const first = openMasterKey({ dataDir: join(dataDir, 'new'), env: {} })
    const file = join(dataDir, 'new', 'master.key')
    expect(first).toMatchObject({ firstRun: true, generatedFile: file })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toEqual(Buffer.from(first.masterKey))
    const second = openMasterKey({ dataDir: join(dataDir, 'new'), env: {} })
    expect(second).toEqual({ ...first, generatedFile: undefined })
    recordKeyCheck(join(dataDir, 'new'), [first.masterKey])
    expect(openMasterKey({ dataDir: join(dataDir, 'new'), env: {} }).firstRun).toBe(false)
  })

  it('comes from MASTER_KEY, or a file, and is not written down then', () => {
    const file = join(dataDir, 'elsewhere')
    writeFileSync(file, ` ${key}\n`)
    const one = openMasterKey({ dataDir, env: { MASTER_KEY: key } })
    const two = openMasterKey({ dataDir, env: { MASTER_KEY_FILE: file } })
    expect(Buffer.from(one.masterKey).toString('base64')).toBe(key)
    expect(two).toEqual(one)
    expect(readdirSync(dataDir)).toEqual(['elsewhere'])
  })

  it.each([
    ['too short', randomBytes(31).toString('base64')],
    ['too long', randomBytes(33).toString('base64')],
    ['not base64', 'x'.repeat(42) + '!'],
    ['hexadecimal', randomBytes(32).toString('hex')],
    ['a word', 'changeme'],
  ])('is refused when it is %s, without showing it', (_, value) => {
    const open = () => openMasterKey({ dataDir, env: { MASTER_KEY: value } })
    expect(open).toThrow(ConfigurationError)
    expect(open).toThrow(/^MASTER_KEY: must be 32 bytes/)
    expect(open).not.toThrow(value)
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('is refused when the data were made with another, and no file changes', () => {
    recordKeyCheck(dataDir, [openMasterKey({ dataDir, env: { MASTER_KEY: key } }).masterKey])
    writeFileSync(join(dataDir, 'identity.sqlite'), 'a database')
    const before = snapshot()
    const wrong = () => openMasterKey({ dataDir, env: { MASTER_KEY: randomBytes(32).toString('base64') } })
    expect(wrong).toThrow(ConfigurationError)
    expect(wrong).toThrow(/another master key/)
    expect(snapshot()).toEqual(before)
  })

  it.each(['key-check', 'identity.sqlite'])('is never generated beside %s', (name) => {
    writeFileSync(join(dataDir, name), 'data')
    expect(() => openMasterKey({ dataDir, env: {} })).toThrow(/master.key is missing; restore/)
    expect(readdirSync(dataDir)).toEqual([name])
  })

  it('is never generated when the database files of another folder exist', () => {
    const databaseDir = join(dataDir, 'databases')
    mkdirSync(databaseDir)
    writeFileSync(join(databaseDir, 'identity.sqlite'), 'data')
    expect(() => openMasterKey({ dataDir, databaseDir, env: {} })).toThrow(/master.key is missing; restore/)
  })

  it('is recorded only when told, and then for good', () => {
    writeFileSync(join(dataDir, 'identity.sqlite'), 'restored')
    const { masterKey, firstRun } = openMasterKey({ dataDir, env: { MASTER_KEY: key } })
    expect([firstRun, readdirSync(dataDir)]).toEqual([false, ['identity.sqlite']])
    recordKeyCheck(dataDir, [masterKey])
    recordKeyCheck(dataDir, [masterKey])
    expect(() => openMasterKey({ dataDir, env: { MASTER_KEY: randomBytes(32).toString('base64') } })).toThrow(/another/)
  })

  it('is not invented by a process that does not host identity', () => {
    expect(() => openMasterKey({ dataDir, env: {}, mayCreate: false })).toThrow(/set SERVICE_SECRET or MASTER_KEY/)
    openMasterKey({ dataDir, env: { MASTER_KEY: key }, mayCreate: false })
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('is not needed where only the service secret is', () => {
    const secret = 's'.repeat(32)
    expect(openServiceSecret({ dataDir, env: { SERVICE_SECRET: secret } })).toBe(secret)
    expect(openServiceSecret({ dataDir, env: { MASTER_KEY: key } })).toBe(openMasterKey({ dataDir, env: { MASTER_KEY: key } }).serviceSecret)
    expect(() => openServiceSecret({ dataDir, env: {} })).toThrow(/set SERVICE_SECRET or MASTER_KEY/)
    recordKeyCheck(dataDir, [Buffer.from(key, 'base64')])
    const other = randomBytes(32).toString('base64')
    expect(() => openServiceSecret({ dataDir, env: { SERVICE_SECRET: secret, MASTER_KEY: other } })).toThrow(/another master key/)
  })

  it('says so when its file cannot be read', () => {
    expect(() => openMasterKey({ dataDir, env: { MASTER_KEY_FILE: join(dataDir, 'nowhere') } })).toThrow(/cannot be read/)
  })

  it('gives the service secret, unless one is set', () => {
    const open = (env: Record<string, string>) => openMasterKey({ dataDir, env: { MASTER_KEY: key, ...env } }).serviceSecret
    expect(open({})).toBe(open({}))
    expect(open({})).toMatch(/^[\w-]{43}$/)
    expect(open({})).not.toContain(key.slice(0, 10))
    expect(open({ SERVICE_SECRET: 's'.repeat(32) })).toBe('s'.repeat(32))
    expect(() => open({ SERVICE_SECRET: 'short' })).toThrow(/at least 32/)
  })
})
