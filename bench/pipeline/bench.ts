import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { simpleParser } from 'mailparser'
import { createAccount, createInstallation } from '../../test/installation.ts'
import { type Bench, median, rounded, type Sides } from '../measure.ts'
import { cpuMsOf, peakMegabytesOf } from '../process-time.ts'
import { type Mailed, startMailSink } from './mail-sink.ts'
import { csvOf, newPeople } from './people.ts'

const OURS = Number(process.env['PIPELINE_ROWS'] ?? 1_500)
const PEER = 60

/** Throws unless every mail carries a PDF. @returns the bytes of one */
async function pdfBytes({ tooShort, kept }: Mailed): Promise<number> {
  if (tooShort.length > 0) throw new Error(`Mails without a PDF: ${tooShort.join(', ')}`)
  const sizes = await Promise.all(kept.map(async (raw) => {
    const { attachments } = await simpleParser(Buffer.from(raw, 'latin1'))
    const pdf = attachments.find(({ contentType }) => contentType === 'application/pdf')?.content
    if (!pdf?.subarray(0, 5).equals(Buffer.from('%PDF-')) || !pdf.includes('%%EOF')) throw new Error('A mail carries no PDF.')
    return pdf.length
  }))
  return median(sizes)
}

async function start(): Promise<Sides> {
  const sink = await startMailSink()
  const installation = await createInstallation({ environment: { SMTP_URL: sink.url, LOG_LEVEL: 'warn' } })
  await installation.start()
  const account = await createAccount(installation, 'riverside', 'Riverside Academy')
  const peers = Array.from({ length: availableParallelism() }, () =>
    new Worker(new URL('./peer-worker.ts', import.meta.url), { workerData: { smtpUrl: sink.url } }))
  await Promise.all(peers.map((peer) => once(peer, 'message')))
  const pid = await installation.pid
  const cpu: number[] = []
  const sizes: number[] = []

  return {
    async ours() {
      const body = csvOf(newPeople(OURS))
      const response = await account.fetch('/v1/batches', { method: 'POST', headers: { 'content-type': 'text/csv' }, body })
      if (response.status !== 202) throw new Error(`The file was refused: ${response.status} ${await response.text()}`)
      const startedAt = Date.now()
      const before = cpuMsOf(pid) ?? Number.NaN
      const mailed = await sink.received(OURS)
      cpu.push(((cpuMsOf(pid) ?? Number.NaN) - before) / OURS)
      sizes.push(await pdfBytes(mailed))
      // What is behind the mail (log, anchors, completion) is not the peer's time.
      await untilFinished(account.get, (await response.json() as { id: string }).id)
      return (OURS / (mailed.at - startedAt)) * 1_000
    },
    async peer() {
      const people = newPeople(PEER)
      const startedAt = Date.now()
      await Promise.all(peers.map((peer, at) => {
        peer.postMessage(people.filter((_, index) => index % peers.length === at))
        return once(peer, 'message')
      }))
      const mailed = await sink.received(PEER)
      await pdfBytes(mailed)
      return (PEER / (mailed.at - startedAt)) * 1_000
    },
    details: () => ({
      rows: OURS,
      cpuMsPerCredential: rounded(median(cpu)),
      pdfBytes: median(sizes),
      peakMegabytes: peakMegabytesOf(pid),
    }),
    async stop() {
      await Promise.all(peers.map((peer) => peer.terminate()))
      await installation.remove()
      sink.stop()
    },
  }
}

async function untilFinished(get: <T>(path: string) => Promise<T>, batchId: string): Promise<void> {
  for (;;) {
    const { state } = await get<{ state: string }>(`/v1/batches/${batchId}`)
    if (state === 'finished') return
    if (state === 'failed') throw new Error('The batch failed.')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

export const bench: Bench = {
  name: 'pipeline',
  unit: 'per second',
  says: 'From the 202 of a CSV file to the last mail with its PDF, credentials per second: a whole installation on SQLite; ' +
    'the peer signs with @digitalbazaar/vc, prints with pdfme, sends with nodemailer, in a loop on each core, and stores nothing.',
  start,
}
