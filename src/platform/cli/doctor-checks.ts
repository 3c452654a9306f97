import { constants, existsSync, statSync } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { checkBucket } from '../blobs/s3.ts'
import { type Check, fail, type Finding, ok, warn } from '../check.ts'
import type { Environment, Settings } from '../config.ts'
import { openMasterKey, openServiceSecret } from '../crypto/master-key.ts'
import { dialectOf, sqliteFolder } from '../database/open.ts'
import { platformContract } from '../platform-operations.ts'
import type { Control } from './control.ts'

const leastNode = 24
const megabyte = 1024 * 1024
const leastFree = 512 * megabyte
const littleFree = 5 * 1024 * megabyte

const runtime: Check = {
  name: 'runtime',
  async run() {
    const deno = process.versions.deno
    if (deno !== undefined) return ok(`Deno ${deno}.`)
    const { node } = process.versions
    const major = Number(node.split('.')[0])
    return major >= leastNode ? ok(`Node ${node}.`) : fail(`Node is version ${node}; run ${leastNode} or newer.`)
  },
}

/** Of this machine and its folders; nothing is written. */
export function localChecks(settings: Settings, environment: Environment, holdsKeys: boolean): Check[] {
  const { DATA_DIR: data, DATABASE_URL: url } = settings
  const folders = [...new Set([data, ...(dialectOf(url) === 'sqlite' ? [sqliteFolder(url)] : [])])]
  return [
    runtime,
    ...folders.flatMap((folder) => [
      { name: `folder ${folder}`, run: () => checkFolder(folder) },
      { name: `disk of ${folder}`, run: () => checkDisk(folder) },
    ]),
    { name: 'blobs', run: () => checkBlobs(settings) },
    { name: 'master key', run: async () => (holdsKeys ? checkKey(settings, environment) : checkSecret(settings, environment)) },
    { name: 'public address', run: () => checkAddress(settings) },
  ]
}

async function checkFolder(folder: string): Promise<Finding> {
  if (!existsSync(folder)) return ok(`${folder} is not there yet; the first start makes it.`)
  const { mode, uid } = statSync(folder)
  if (!(await may(folder, constants.R_OK | constants.W_OK | constants.X_OK))) {
    return fail(`${folder} cannot be written by this user; give it to the user that runs Vellum.`)
  }
  if ((mode & 0o077) !== 0) return warn(`${folder} is open to other users; run: chmod 700 ${folder}`)
  if (uid !== process.getuid?.()) return warn(`${folder} belongs to another user; give it to the user that runs Vellum.`)
  return ok(`${folder} is this user's alone, and can be written.`)
}

async function checkDisk(folder: string): Promise<Finding> {
  if (!existsSync(folder)) return ok('Nothing is there yet.')
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const told = `${Math.round(free / megabyte).toLocaleString('en')} MB are free`
  if (free < leastFree) return fail(`Only ${told}; make room, or Vellum will refuse to accept.`)
  return free < littleFree ? warn(`${told}; make room soon.`) : ok(`${told}.`)
}

async function checkBlobs({ BLOBS_DIR: folder, DATABASE_URL, S3_URL }: Settings): Promise<Finding> {
  if (S3_URL !== undefined) {
    await checkBucket(S3_URL, { write: false })
    return ok('The bucket answers, and can be listed.')
  }
  const replicas = dialectOf(DATABASE_URL) === 'postgres' ? ' Replicas on other hosts need the same folder, or S3_URL.' : ''
  if (!existsSync(folder)) return ok(`${folder} is not there yet; the first file makes it.${replicas}`)
  return (await may(folder, constants.W_OK | constants.X_OK))
    ? ok(`${folder} can be written.${replicas}`)
    : fail(`${folder} cannot be written by this user; give it to the user that runs Vellum.`)
}

const may = (path: string, mode: number): Promise<boolean> => access(path, mode).then(() => true, () => false)

function checkKey({ DATA_DIR: dataDir, DATABASE_URL: url }: Settings, environment: Environment): Finding {
  const databaseDir = dialectOf(url) === 'sqlite' ? sqliteFolder(url) : undefined
  const used = [dataDir, databaseDir].some((folder) => folder !== undefined && existsSync(`${folder}/key-check`))
  const own = environment.MASTER_KEY === undefined && environment.MASTER_KEY_FILE === undefined
  const kept = existsSync(`${dataDir}/master.key`)
  if (!used && own && !kept) return ok('There is none yet; the first start makes one.')
  openMasterKey({ dataDir, databaseDir, env: environment, mayCreate: false })
  if (own) return warn(`The master key lies beside what it seals, in ${dataDir}/master.key; move it away and set MASTER_KEY_FILE.`)
  return ok(used ? 'The master key is the one that the data were made with.' : 'A master key is set.')
}

/** A process that keeps no keys needs only what signs its calls. */
function checkSecret({ DATA_DIR: dataDir }: Settings, environment: Environment): Finding {
  openServiceSecret({ dataDir, env: environment })
  return ok('The secret that signs calls between processes is set; the key is kept elsewhere.')
}

async function checkAddress({ PUBLIC_URL: url }: Settings): Promise<Finding> {
  const answered = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(5_000), redirect: 'error' }).catch((error: unknown) => error)
  const reached = answered instanceof Response && answered.ok
  if (!reached) return warn(`${url} does not answer from here; check its name, the way to the listener, and that Vellum runs.`)
  if (url.startsWith('https:')) return ok(`${url} answers.`)
  return warn(`${url} is not https, so credentials are marked as a test; set TLS_CERT_FILE and TLS_KEY_FILE, or a PUBLIC_URL behind a proxy.`)
}

/** Longer than this and events are not merely on their way. */
const lateMs = 60_000

/** What waits or stands still in the modules, as they say themselves. */
export const workChecks = (control: Pick<Control, 'client'>, modules: readonly string[]): Check[] =>
  modules.map((module) => ({
    name: `work of ${module}`,
    async run() {
      const { events, steps } = await control.client(platformContract(module)).backlog({})
      const dead = steps.reduce((sum, step) => sum + step.dead, 0)
      const late = steps.filter((step) => step.lagMs > lateMs && step.pausedForMs === 0)
      const paused = steps.filter((step) => step.pausedForMs > 0)
      if (events.parked > 0) return fail(`${events.parked} keys stand still behind an event that fails; see: vellum events parked`)
      if (dead > 0) return fail(`${dead} steps are dead; see: vellum steps list --module ${module}`)
      if (events.unrelayedForMs > lateMs) return fail(`Events wait for ${seconds(events.unrelayedForMs)} to be sent; look at the log, and at Redis.`)
      if (events.dueForMs > lateMs) return fail(`Events wait for ${seconds(events.dueForMs)} to be applied; look at the log.`)
      if (late.length > 0) return warn(`${late.map(({ kind, lagMs }) => `${kind} is ${seconds(lagMs)} behind`).join(', ')}: it has more to do than it can, or does not run.`)
      if (paused.length > 0) return warn(`${paused.map(({ kind }) => kind).join(', ')} waits for the other side; look whether it answers.`)
      return ok('Nothing is dead, parked or late.')
    },
  }))

/** What modules that are witnesses found in the chains of others. */
export const witnessChecks = (control: Pick<Control, 'client'>, witnesses: readonly string[]): Check[] =>
  witnesses.map((module) => ({
    name: `audit as ${module} has witnessed it`,
    async run() {
      const { chains } = await control.client(platformContract(module)).contradictedChains({})
      const of = [...new Set(chains.map((chain) => chain.module))].join(', ')
      return chains.length === 0
        ? ok('No chain contradicts what was told of it.')
        : fail(`${chains.length} audit chains of ${of} are not what was told of them; run: vellum audit verify. If a database was put back, say so: vellum audit restored`)
    },
  }))

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`
