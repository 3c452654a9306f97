import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { batchFinished, uploaded } from './batch-file.ts'
import { crash } from './crashes.ts'
import type { Fault } from './fault.ts'
import { openLedger, settle, settleAll } from './ledger.ts'
import { openSite, untilQuiet } from './site.ts'
import {
  expectConsistent, expectOneEach, expectOneLeafEach, expectOneMailEach, expectWholeAudit, listAll, watchCheckpoints,
} from './soundness.ts'

const sample = join(import.meta.dirname, '../data/recipients-1000.csv')

const killedWhileIssuing: Fault = {
  name: 'kill -9 at random moments of 500 issuances: one credential, one Message-ID and one leaf for each key',
  async run(context) {
    const { full, say } = context
    const [count, kills] = full ? [2_000, 40] : [500, 10]
    const site = await openSite()
    try {
      const { issuer, ask, smtp } = site
      const entries = openLedger(issuer, count, 'kill')
      const checkpoints = watchCheckpoints(ask)
      // Requests come in every life of the process, not all in its first.
      let lives = 1
      const turn = async (at: number) => {
        while (at >= (count * lives) / (kills + 1)) await delay(20)
      }
      const settled = settleAll(issuer, entries, 16, turn)
      await crash(site, context, { times: kills, onLife: (killed) => { lives = killed + 1 } })
      lives = kills + 1
      await settled
      const lost = entries.filter(({ answers }) => answers.length === 0)
      assert.deepEqual(lost.map(({ key, refused }) => `${key}: ${refused?.text ?? 'no answer'}`), [])
      const sent = entries.reduce((sum, entry) => sum + entry.sent, 0)
      const failed = entries.reduce((sum, entry) => sum + entry.failed, 0)
      say(`${sent} requests for ${count} keys, ${failed} without an answer`)
      await untilQuiet(site)
      // Once more, every one: what was promised is promised still, in the same bytes.
      await settleAll(issuer, entries, 16)
      await untilQuiet(site)
      const credentials = await listAll(issuer)
      expectOneEach(entries, credentials)
      assert.equal(credentials.length, count)
      const { repeated } = await expectOneMailEach(smtp, entries.map(({ order }) => order.email))
      const seen = await checkpoints.stop()
      const log = await expectOneLeafEach(site, credentials)
      assert.ok(seen.length > 1, 'No checkpoint was seen on the way.')
      await expectConsistent(ask, seen, log)
      await expectWholeAudit(site)
      say(`${repeated} mails repeated under their Message-ID, ${seen.length} checkpoints seen`)
    } finally {
      await site.stop()
    }
  },
}

const killedInBatch: Fault = {
  name: 'a batch killed five times on the way finishes by itself, and the same file again issues nothing',
  async run(context) {
    const { full, say } = context
    const rows = full ? 1_000 : 300
    const lines = readFileSync(sample, 'utf8').split(/\r?\n/)
    const csv = `${lines.slice(0, rows + 1).join('\n')}\n`
    const site = await openSite()
    try {
      const { issuer, smtp } = site
      const accepted = uploaded(issuer, csv, 'file')
      await crash(site, context, { times: 5 })
      const id = await accepted
      const batch = await batchFinished(issuer, id)
      assert.deepEqual([batch.rows, batch.created, batch.existing, batch.refused], [rows, rows, 0, 0])
      await untilQuiet(site)
      const credentials = await listAll(issuer)
      assert.equal(credentials.length, rows)
      assert.ok(credentials.every(({ state }) => state === 'issued'))
      const emails = credentials.map(({ recipient }) => recipient.email)
      await expectOneMailEach(smtp, emails)

      const again = await batchFinished(issuer, await uploaded(issuer, csv, 'file-again'))
      assert.deepEqual([again.rows, again.created, again.existing, again.refused], [rows, 0, rows, 0])
      await untilQuiet(site)
      assert.equal((await listAll(issuer)).length, rows)
      const { repeated } = await expectOneMailEach(smtp, emails)
      await expectOneLeafEach(site, credentials)
      say(`${repeated} mails repeated under their Message-ID`)
    } finally {
      await site.stop()
    }
  },
}

const fiftyAtOnce: Fault = {
  name: 'one Idempotency-Key fifty times at once: one credential, one answer',
  async run() {
    const site = await openSite()
    try {
      const { issuer } = site
      const [entry] = openLedger(issuer, 1, 'fifty') as [ReturnType<typeof openLedger>[number]]
      await Promise.all(Array.from({ length: 50 }, () => settle(issuer, entry)))
      assert.equal(entry.answers.length, 50)
      assert.equal(entry.answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length, 49)
      await untilQuiet(site)
      const credentials = await listAll(issuer)
      expectOneEach([entry], credentials)
      assert.equal(credentials.length, 1)
      await expectOneMailEach(site.smtp, [entry.order.email])
      await expectOneLeafEach(site, credentials)
    } finally {
      await site.stop()
    }
  },
}

export default [killedWhileIssuing, killedInBatch, fiftyAtOnce]
