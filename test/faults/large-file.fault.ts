import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readRecipients } from '../../scripts/lib/demo/recipients.ts'
import { expectStatus } from '../scenarios/expect.ts'
import type { Issuer } from '../scenarios/issuer.ts'
import { batchFinished, uploaded } from './batch-file.ts'
import type { Fault } from './fault.ts'
import { startHeartbeat } from './heartbeat.ts'
import { openSite, type Site, untilQuiet } from './site.ts'
import { readCheckpoint } from '../scenarios/reference-log.ts'
import { expectWholeAudit, listAll } from './soundness.ts'

const sample = join(import.meta.dirname, '../data/recipients-1000.csv')

const MEMORY_LIMIT_MB = 512
const LIVEZ_LIMIT_MS = 200
const KILLS = 5

/** Ways in which a record can be wrong; each leaves its line whole. */
const spoiled: readonly ((line: string) => string)[] = [
  (line) => line.replace(/^("(?:[^"]|"")*"|[^,]*),/, ','),
  (line) => line.replace('@', ' at '),
  (line) => line.replace(/\d{4}-\d{2}-\d{2}/, '2026-02-30'),
  (line) => line.replace(/\d{4}-\d{2}-\d{2}/, '2199-01-01'),
  (line) => line.slice(0, line.indexOf('@') + 12),
]

/** The sample over and over with other addresses, and so many records of it spoiled, evenly. */
function largeFile(rows: number, bad: number): { csv: Buffer; badRecords: number[] } {
  const lines = readRecipients(sample, rows).bytes.toString('utf8').split('\r\n')
  const badRecords = Array.from({ length: bad }, (_, at) => Math.floor(((at + 0.5) * rows) / bad) + 1)
  badRecords.forEach((record, at) => {
    lines[record] = spoiled[at % spoiled.length]!(lines[record]!)
  })
  return { csv: Buffer.from(lines.join('\r\n')), badRecords }
}

async function refusedRecords(issuer: Issuer, id: string): Promise<number[]> {
  const records: number[] = []
  for (let after: number | null = 0; after !== null;) {
    const { json } = expectStatus(await issuer.ask('GET', `/v1/batches/${id}/errors?limit=1000&after=${after}`), 200)
    records.push(...(json.errors as { record: number }[]).map(({ record }) => record))
    after = json.next as number | null
  }
  return records
}

/** Most that a process of the installation has held in memory, in MB, looked at five times a second. */
function watchMemory({ installation }: Site): { stop(): number } {
  let most = 0
  const look = async () => {
    try {
      const status = readFileSync(`/proc/${await installation.pid}/status`, 'utf8')
      most = Math.max(most, Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024)
    } catch {
      // Between two lives there is nothing to look at.
    }
  }
  const timer = setInterval(() => void look(), 200)
  return {
    stop() {
      clearInterval(timer)
      return Math.round(most)
    },
  }
}

const issuedOf = async (issuer: Issuer, id: string): Promise<number> => {
  const answer = await issuer.ask('GET', `/v1/batches/${id}`).catch(() => undefined)
  return answer?.status === 200 ? (answer.json.progress.issued ?? 0) : 0
}

const large: Fault = {
  name: 'a large file with bad records: little memory, killed five times and finished, every bad record told, sent again issues nothing',
  async run({ full, say }) {
    const [rows, bad] = full ? [100_000, 100] : [600, 10]
    const good = rows - bad
    const { csv, badRecords } = largeFile(rows, bad)
    const site = await openSite({
      environment: { ACCESS_TOKEN_SECONDS: '3600', SWEEP_INTERVAL_MS: '1000', CHECKPOINT_INTERVAL_MS: '500' },
      keepBodies: false,
    })
    const memory = watchMemory(site)
    try {
      const { installation, issuer, smtp } = site
      const heartbeat = startHeartbeat(`${installation.internalUrl}/livez`)
      const begun = performance.now()
      const id = await uploaded(issuer, csv, 'large')
      const acceptedMs = performance.now() - begun
      // The reading of the file begins behind the upload: its first seconds count too.
      await delay(full ? 20_000 : 1_000)
      const beats = await heartbeat.stop()
      for (let kill = 1; kill <= KILLS; kill++) {
        while (await issuedOf(issuer, id) < (good * kill) / (KILLS + 1)) await delay(100)
        await installation.kill()
        await installation.start()
      }
      const batch = await batchFinished(issuer, id, full ? 3_600_000 : 90_000)
      assert.deepEqual([batch.rows, batch.created, batch.existing, batch.refused], [rows, good, 0, bad])
      assert.deepEqual(await refusedRecords(issuer, id), badRecords)
      await untilQuiet(site)
      const seconds = (performance.now() - begun) / 1_000
      const mailed = new Map(smtp.envelopes().map(({ messageId, recipients }) => [messageId, recipients[0]]))
      assert.equal(mailed.size, good, 'Each credential has one Message-ID.')
      assert.equal(new Set(mailed.values()).size, good, 'Each recipient has one Message-ID.')
      assert.equal((await readCheckpoint(site.ask)).size, good, 'Each credential has one leaf.')

      const again = await batchFinished(issuer, await uploaded(issuer, csv, 'large-again'), full ? 3_600_000 : 90_000)
      assert.deepEqual([again.rows, again.created, again.existing, again.refused], [rows, 0, good, bad])
      await untilQuiet(site)
      assert.equal(new Set(smtp.messageIds()).size, good, 'Nobody is written to again.')
      const credentials = await listAll(issuer)
      assert.equal(credentials.length, good)
      assert.ok(credentials.every(({ state }) => state === 'issued'))
      await expectWholeAudit(site)
      const mb = memory.stop()
      say(`${rows} rows, ${(csv.length / 2 ** 20).toFixed(1)} MB accepted in ${Math.round(acceptedMs)} ms, done in ${seconds.toFixed(1)} s ` +
        `(${(good / seconds).toFixed(0)}/s with ${KILLS} restarts), at most ${mb} MB, /livez p99 ${beats.p99Ms.toFixed(0)} ms of ${beats.count}`)
      assert.ok(mb > 0 && mb < MEMORY_LIMIT_MB, `It held ${mb} MB.`)
      if (full) assert.ok(beats.p99Ms < LIVEZ_LIMIT_MS, `/livez took ${beats.p99Ms} ms.`)
    } finally {
      memory.stop()
      await site.stop()
    }
  },
}

export default [large]
