import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError, type Environment } from '../config.ts'

export interface MasterKey {
  /** 32 bytes. Wraps the data keys in `identity`; nothing else is sealed with it. */
  readonly masterKey: Uint8Array
  /** The one before it, while data keys may still be wrapped with that: decision 0210. */
  readonly previousMasterKey: Uint8Array | undefined
  /** Signs service tokens between processes: `SERVICE_SECRET`, or derived from the master key, as long as there are two from the previous. */
  readonly serviceSecret: string
  /** The key was first seen now: nothing in the data folder was made with another. */
  readonly firstRun: boolean
  /** The file that was just generated, to be told to the operator: without it every sealed value is noise. */
  readonly generatedFile: string | undefined
}

export interface OpenMasterKeyOptions {
  readonly dataDir: string
  /** Where the SQLite files are, if not in `dataDir`. */
  readonly databaseDir?: string | undefined
  readonly env: Environment
  /** False for a command, and in a process that does not host `identity`: they invent no key and write no file. */
  readonly mayCreate?: boolean
}

const keyFileName = 'master.key'
const previousFileName = 'master.key.previous'
const keyCheckName = 'key-check'

/**
 * Finds the master key: `MASTER_KEY`, else the file of `MASTER_KEY_FILE`, else `{dataDir}/master.key`, which is generated
 * (mode 0600) on a first run. Called before any database is opened: a key that does not fit `{dataDir}/key-check` is
 * refused with not one file changed.
 * @throws {ConfigurationError} malformed, missing beside data, or another key than the data were made with
 */
export function openMasterKey({ dataDir, databaseDir, env, mayCreate = true }: OpenMasterKeyOptions): MasterKey {
  const keyFile = join(dataDir, keyFileName)
  const { current: stored, previous } = readMasterKeys({ dataDir, env })
  const used = isUsed(dataDir) || (databaseDir !== undefined && isUsed(databaseDir))
  if (stored === undefined) refuseToInvent({ used, mayCreate, keyFile })
  const masterKey = stored ?? randomBytes(32)
  const known = existsSync(join(dataDir, keyCheckName))
  if (known) compareKeyCheck(dataDir, previous ? [masterKey, previous] : [masterKey])
  const serviceSecret = readServiceSecret(env) ?? derive(previous ?? masterKey, 'vellum/service-secret/1').toString('base64url')
  if (stored === undefined) writeNewFile(dataDir, keyFileName, masterKey.toString('base64') + '\n')
  return {
    masterKey,
    previousMasterKey: previous,
    serviceSecret,
    firstRun: !known && !used,
    generatedFile: stored === undefined ? keyFile : undefined,
  }
}

/**
 * The keys as they are configured now: a file that was changed since the start is read anew. The previous one is
 * `MASTER_KEY_PREVIOUS`, else the file of `MASTER_KEY_PREVIOUS_FILE`, else `{dataDir}/master.key.previous`.
 * @throws {ConfigurationError} malformed, or a file that cannot be read
 */
export function readMasterKeys({ dataDir, env }: Pick<OpenMasterKeyOptions, 'dataDir' | 'env'>): { current: Buffer | undefined; previous: Buffer | undefined } {
  const read = (name: string, fileName: string) => {
    const file = join(dataDir, fileName)
    return configuredKey(env, name) ?? (existsSync(file) ? parseMasterKey(readFileSync(file, 'utf8'), file) : undefined)
  }
  return { current: read('MASTER_KEY', keyFileName), previous: read('MASTER_KEY_PREVIOUS', previousFileName) }
}

/**
 * The service secret of a process that does not host `identity`, or of a command: `SERVICE_SECRET` is all that it needs. Where
 * there is a master key as well, it must be the right one.
 * @throws {ConfigurationError} as {@link openMasterKey} does
 */
export function openServiceSecret({ dataDir, env }: Pick<OpenMasterKeyOptions, 'dataDir' | 'env'>): string {
  const given = readServiceSecret(env)
  const hasKey = env.MASTER_KEY || env.MASTER_KEY_FILE || existsSync(join(dataDir, keyFileName))
  return given !== undefined && !hasKey ? given : openMasterKey({ dataDir, env, mayCreate: false }).serviceSecret
}

/**
 * Writes down which master keys fit: a line each. Not before `identity` has opened its own keys with them: a wrong
 * key at a new data folder beside an old database must not be remembered as the right one.
 */
export function recordKeyCheck(dataDir: string, masterKeys: readonly Uint8Array[]): void {
  const content = masterKeys.map(keyCheck).join('\n') + '\n'
  const path = join(dataDir, keyCheckName)
  if (!existsSync(path)) return writeNewFile(dataDir, keyCheckName, content)
  if (readFileSync(path, 'utf8') === content) return
  rmSync(`${path}.new`, { force: true })
  writeNewFile(dataDir, `${keyCheckName}.new`, content)
  renameSync(`${path}.new`, path)
}

/**
 * Whether a key that is configured, or lies in `{dataDir}/master.key`, is one of this key check's. Writes nothing.
 * @throws {ConfigurationError} when there is none, or another
 */
export function expectMasterKey({ dataDir, env, keyCheck: expected }: Pick<OpenMasterKeyOptions, 'dataDir' | 'env'> & { keyCheck: string }): void {
  const keyFile = join(dataDir, keyFileName)
  const { current, previous } = readMasterKeys({ dataDir, env })
  if (!current) throw new ConfigurationError([`MASTER_KEY: set it to the key that the backup was made with, or put that key's file at ${keyFile}.`])
  // A backup of the midst of a rotation needs both.
  const needed = expected.trim().split('\n')
  const given = [current, ...(previous ? [previous] : [])].map(keyCheck)
  if (!needed.every((one) => given.includes(one)))
    throw new ConfigurationError([wrongMasterKey('the data keys of the backup')])
}

/** What stands in `{dataDir}/key-check`; undefined where there is none. */
export function readKeyCheck(dataDir: string): string | undefined {
  const file = join(dataDir, keyCheckName)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** 32 bytes in base64 or base64url, with or without padding; `source` names it in the refusal, which never shows it. */
export function parseMasterKey(text: string, source: string): Buffer {
  const trimmed = text.trim()
  const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed) ? Buffer.from(trimmed, 'base64') : Buffer.alloc(0)
  if (key.length === 32) return key
  throw new ConfigurationError([
    `${source}: must be 32 bytes in base64 (44 characters); make one with: openssl rand -base64 32`,
  ])
}

function configuredKey(env: Environment, name: string): Buffer | undefined {
  const [text, file] = [env[name], env[`${name}_FILE`]]
  if (text) return parseMasterKey(text, name)
  if (!file) return undefined
  let read: string
  try {
    read = readFileSync(file, 'utf8')
  } catch {
    throw new ConfigurationError([`${name}_FILE: ${file} cannot be read; name a file that exists, or set ${name}.`])
  }
  return parseMasterKey(read, `${name}_FILE`)
}

function refuseToInvent({ used, mayCreate, keyFile }: { used: boolean; mayCreate: boolean; keyFile: string }): void {
  if (used) {
    throw new ConfigurationError([
      `MASTER_KEY: there are data here, but ${keyFile} is missing; restore that file from its backup, or set MASTER_KEY.`,
    ])
  }
  if (!mayCreate) {
    throw new ConfigurationError([
      'MASTER_KEY: this process does not host identity and makes no key; set SERVICE_SECRET or MASTER_KEY to those of the others.',
    ])
  }
}

function readServiceSecret(env: Environment): string | undefined {
  const secret = env.SERVICE_SECRET
  if (!secret) return undefined
  if (secret.length >= 32) return secret
  throw new ConfigurationError(['SERVICE_SECRET: must have at least 32 characters; make one with: openssl rand -base64 32'])
}

function isUsed(folder: string): boolean {
  if (!existsSync(folder)) return false
  return readdirSync(folder).some((name) => name === keyCheckName || name.endsWith('.sqlite'))
}

/** Tells whether a key is the right one, and nothing about the key. */
const keyCheck = (masterKey: Uint8Array): string =>
  createHmac('sha256', derive(masterKey, 'vellum/key-check/1')).update('vellum master key check').digest('hex')

function compareKeyCheck(dataDir: string, masterKeys: readonly Uint8Array[]): void {
  const lines = readFileSync(join(dataDir, keyCheckName), 'utf8').trim().split('\n').map((line) => Buffer.from(line))
  const fits = (actual: Buffer) => lines.some((expected) => expected.length === actual.length && timingSafeEqual(expected, actual))
  if (masterKeys.some((key) => fits(Buffer.from(keyCheck(key))))) return
  throw new ConfigurationError([wrongMasterKey(`the data in ${dataDir}`)])
}

/** What is said wherever a wrong key is found. */
export const wrongMasterKey = (what: string): string =>
  `MASTER_KEY: ${what} were sealed with another master key; set the one that they were made with. Nothing was changed.`

const derive = (masterKey: Uint8Array, info: string): Buffer => Buffer.from(hkdfSync('sha256', masterKey, '', info, 32))

/** Readable by the owner alone, on disk when this returns; a file that exists already is never overwritten. */
function writeNewFile(folder: string, name: string, content: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = openSync(join(folder, name), 'wx', 0o600)
  try {
    writeSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  const directory = openSync(folder, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
