import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { expectStatus } from '../scenarios/expect.ts'
import type { Fault } from './fault.ts'
import { openLedger, settleAll } from './ledger.ts'
import { openSite, untilQuiet } from './site.ts'
import { expectOneEach, expectOneLeafEach, expectOneMailEach, listAll } from './soundness.ts'

const stopTimeoutMs = 8_000

/** A file whose last part comes late. */
async function* slowFile(lines: readonly string[], lateMs: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${lines.slice(0, -1).join('\n')}\n`)
  await delay(lateMs)
  yield Buffer.from(`${lines.at(-1)}\n`)
}

const stopUnderLoad: Fault = {
  name: 'SIGTERM under load: what is under way is answered, exit 0 in time, and after the start all goes on',
  async run({ random, say }) {
    const site = await openSite({ environment: { STOP_TIMEOUT_MS: String(stopTimeoutMs) } })
    const { installation, issuer, smtp } = site
    try {
      const entries = openLedger(issuer, 200, 'stop')
      let [stoppedAt, given] = [Number.POSITIVE_INFINITY, 0]
      const rest = entries.values()
      const cut: string[] = []
      const clients = Array.from({ length: 16 }, async () => {
        for (const entry of rest) {
          if (performance.now() > stoppedAt) return
          given++
          const sentAt = performance.now()
          entry.sent++
          const answer = await issuer.ask('POST', '/v1/credentials', {
            json: { recipient: entry.order, achievement: { name: 'Orderly Retreat' } },
            headers: { 'idempotency-key': entry.key },
          }).catch((error: unknown) => error as Error)
          if ('status' in answer && answer.status === 202) entry.answers.push(answer)
          // A request that meets the closing door is refused, and that is no promise broken.
          else if (sentAt < stoppedAt) cut.push(`${entry.key}: ${'status' in answer ? answer.text : String(answer.cause ?? answer)}`)
        }
      })
      await delay(random.between(300, 900))
      const lines = ['name,email,course', ...Array.from({ length: 20 }, (_, at) => `Late ${at},${issuer.email(`late${at}`)},Singing`)]
      const upload = installation.fetch('/v1/batches', {
        method: 'POST',
        headers: { authorization: `Bearer ${issuer.token}`, 'content-type': 'text/csv' },
        body: slowFile(lines, 1_500) as never,
        duplex: 'half',
      }).catch((error: Error) => error)
      await delay(300)
      stoppedAt = performance.now()
      const status = await Promise.race([installation.stop(), delay(stopTimeoutMs + 5_000, 'still running')])
      const tookMs = performance.now() - stoppedAt
      const uploaded = await upload
      await Promise.all(clients)
      say(`${given} requests, stopped in ${Math.round(tookMs)} ms`)
      assert.equal(status, 0, installation.output())
      assert.ok(tookMs < stopTimeoutMs + 2_000, `It took ${tookMs} ms to stop.`)
      assert.deepEqual(cut, [])
      assert.ok('status' in uploaded, `The upload that was under way was cut: ${String(uploaded)}`)
      assert.equal(uploaded.status, 202)
      const { id } = (await uploaded.json()) as { id: string }

      await installation.start()
      await settleAll(issuer, entries, 16)
      await untilQuiet(site)
      const batch = expectStatus(await issuer.ask('GET', `/v1/batches/${id}`), 200).json
      assert.deepEqual([batch.state, batch.created], ['finished', 20])
      const credentials = await listAll(issuer)
      expectOneEach(entries, credentials)
      assert.equal(credentials.length, entries.length + 20)
      await expectOneMailEach(smtp, credentials.map(({ recipient }) => recipient.email))
      await expectOneLeafEach(site, credentials)
    } finally {
      await site.stop()
    }
  },
}

export default [stopUnderLoad]
