import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Advice } from '#platform/telemetry/advise-rules.ts'
import { createAccount, createInstallation, type Account, type Installation } from '../../../test/installation.ts'
import { startAnvil } from '../../../test/servers/anvil.ts'
import { startSmtp, type Smtp } from '../../../test/servers/smtp.ts'
import { rootsOnChain, transactionsOnChain } from './anchor-check.ts'
import { drawBars, type Bars } from './bars.ts'
import { checkCredentials } from './check-credentials.ts'
import { ownCertificate } from './own-certificate.ts'
import { chooseSpecimens, writeSpecimens, type Listed } from './specimens.ts'
import { readRecipients, type RecipientsFile } from './recipients.ts'
import type { DemoResult } from './result.ts'
import { startSteadyRequests } from './steady-requests.ts'

export interface DemoOptions {
  readonly file: string
  readonly rows?: number
}

/** A demo that is over, with its installation still running. */
export interface Demo {
  readonly result: DemoResult
  readonly pdfs: readonly string[]
  readonly links: readonly string[]
  stop(): Promise<void>
}

type Batch = { state: string; rows: number; summary: string; progress: { issued?: number } }

/** Nothing came for so long: what is missing will not come any more. */
const patienceMs = 60_000
const steadyEveryMs = 100

/** The log has been quiet for so long: the file is done, and one anchor holds all of it. */
const quietMs = 5_000

/** Starts everything, issues the file, and counts what came of it. Throws when it could not begin or a request was refused. */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const started = performance.now()
  const recipients = readRecipients(options.file, options.rows)
  const stops: (() => Promise<unknown> | void)[] = []
  const stop = async () => {
    for (const undo of stops.splice(0).reverse()) await undo()
  }
  const interrupted = () => void stop().finally(() => process.exit(130))
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  let output = () => ''
  try {
    process.stderr.write('Starting an installation, a chain and a mail server …\n')
    const directory = mkdtempSync(join(tmpdir(), 'vellum-demo-'))
    stops.push(() => rmSync(directory, { recursive: true, force: true }))
    const [tls, anvil, smtp] = await Promise.all([ownCertificate(directory), startAnvil(), startSmtp()])
    stops.push(anvil.stop, smtp.stop)
    const payer = anvil.accounts[0] as { address: string; privateKey: string }
    const installation = await createInstallation({
      directory,
      tls,
      environment: {
        SMTP_URL: smtp.url,
        EVM_RPC_URL: anvil.url,
        ANCHOR_PRIVATE_KEY: payer.privateKey,
        ANCHOR_QUIET_MS: String(quietMs),
        ANCHOR_POLL_MS: '250',
        LOG_LEVEL: 'warn',
        // What counts and verifies asks faster than a stranger may.
        RATE_LIMIT_ADDRESS: '0',
      },
    })
    stops.push(installation.remove)
    output = installation.output
    await installation.start()
    const [issuer, visitors] = await Promise.all([
      createAccount(installation, 'riverside', 'Riverside Academy'),
      createAccount(installation, 'museum', 'Museum of Looms'),
    ])

    const bars = drawBars(['issued', 'mailed', 'anchored', 'verified'])
    bars.total(recipients.rows)
    const firstRequest = Date.now()
    const steady = startSteadyRequests(visitors, steadyEveryMs)
    stops.push(() => steady.stop().catch(() => {}))
    const batchId = await upload(issuer, recipients)
    const followed = { issuer, batchId, smtp, bars }
    const rejected = await untilIssued(followed)
    const issued = await listIssued(issuer, batchId)
    bars.total(issued.length)
    await untilMailed(smtp, issued.length, bars)
    const acceptP99Ms = await steady.stop()
    const lastMail = smtp.lastAt ?? Number.POSITIVE_INFINITY

    const { mailed, anchored, verified } = await checkCredentials({
      installation, smtp, issued, bars, patienceMs, roots: () => rootsOnChain(anvil, payer.address),
    })
    bars.end()
    const specimens = chooseSpecimens(issued)
    const folder = join(import.meta.dirname, '../../../.cache/demo')
    mkdirSync(folder, { recursive: true })
    const pdfs = await writeSpecimens(specimens, smtp, folder)
    const result: DemoResult = {
      rows: recipients.rows,
      issued: issued.length,
      rejected,
      mailed,
      anchored,
      anchorTransactions: await transactionsOnChain(anvil, payer.address),
      verified,
      acceptP99Ms: rounded(acceptP99Ms),
      issuedPerSecond: rounded((issued.length / (lastMail - firstRequest)) * 1_000),
      seconds: rounded((performance.now() - started) / 1_000),
      advice: await adviceOf(installation),
    }
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
    return { result, pdfs, links: specimens.map(({ publicUrl }) => publicUrl), stop }
  } catch (error) {
    // The last of what it said, which names nobody.
    process.stderr.write(`${output().split('\n').filter((line) => line.startsWith('{')).slice(-5).join('\n')}\n`)
    await stop()
    throw error
  }
}

async function adviceOf(installation: Installation): Promise<Record<string, string>> {
  const { stdout, stderr } = await installation.cli('advise', '--json')
  if (stdout === '') throw new Error(`vellum advise answers nothing: ${stderr}`)
  const advice = JSON.parse(stdout) as readonly Advice[]
  return Object.fromEntries(advice.map(({ module, verdict }) => [module, verdict]))
}

const rounded = (value: number): number => Math.round(value * 10) / 10

async function upload(account: Account, { bytes }: RecipientsFile): Promise<string> {
  const response = await account.fetch('/v1/batches?achievement=Attendance', {
    method: 'POST',
    headers: { 'content-type': 'text/csv', 'idempotency-key': 'demo' },
    body: bytes,
  })
  const body = (await response.json()) as { id: string; detail?: string }
  if (response.status !== 202) throw new Error(`The file was refused: ${body.detail ?? response.status}`)
  return body.id
}

/** Follows the batch to its end. @returns how many records were refused, by the list of them */
async function untilIssued({ issuer, batchId, smtp, bars }: { issuer: Account; batchId: string; smtp: Smtp; bars: Bars }): Promise<number> {
  let [seen, seenAt] = ['', Date.now()]
  for (;;) {
    const batch = await issuer.get<Batch>(`/v1/batches/${batchId}`)
    bars.set('issued', batch.progress.issued ?? 0)
    bars.set('mailed', smtp.count)
    if (batch.state === 'finished' || batch.state === 'failed') break
    const now = JSON.stringify(batch)
    if (now !== seen) [seen, seenAt] = [now, Date.now()]
    if (Date.now() - seenAt > patienceMs) break
    await delay(500)
  }
  let rejected = 0
  for (let after: number | null = 0; after !== null;) {
    const page: { errors: unknown[]; next: number | null } = await issuer.get(`/v1/batches/${batchId}/errors?limit=1000&after=${after}`)
    rejected += page.errors.length
    after = page.next
  }
  return rejected
}

/** Every credential of the batch that is issued, page by page. */
async function listIssued(issuer: Account, batchId: string): Promise<Listed[]> {
  const issued = new Map<string, Listed>()
  for (let after: string | null = ''; after !== null;) {
    const page: { credentials: Listed[]; next: string | null } = await issuer.get(
      `/v1/credentials?batch=${batchId}&state=issued&limit=200${after && `&after=${encodeURIComponent(after)}`}`)
    for (const credential of page.credentials) issued.set(credential.id, credential)
    after = page.next
  }
  return [...issued.values()]
}

async function untilMailed(smtp: Smtp, expected: number, bars: Bars): Promise<void> {
  for (;;) {
    bars.set('mailed', smtp.count)
    const quietMs = Date.now() - (smtp.lastAt ?? Date.now())
    if (new Set(smtp.messageIds()).size >= expected || quietMs > patienceMs) return
    await delay(100)
  }
}
