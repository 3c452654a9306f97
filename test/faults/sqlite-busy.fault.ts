import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Fault } from './fault.ts'
import { expectAnswered, startLoad } from './load.ts'
import { openSite, untilQuiet } from './site.ts'
import { expectSound } from './soundness.ts'

/** How long each lock is held, in milliseconds; a write waits for up to five seconds. */
const held = { leastMs: 20, mostMs: 250 }

const busyStorm: Fault = {
  name: 'another process locks every SQLite file again and again, under load: requests are answered, or told to come again, nothing lost, nothing twice',
  async run({ random, full, say }) {
    const site = await openSite()
    const { installation } = site
    try {
      const load = await startLoad(site, { random, prefix: 'busy' })
      const locker = new Worker(new URL('./sqlite-lock-worker.ts', import.meta.url), {
        workerData: { folder: installation.dataDir, ...held, seed: random.between(0, 1_000) },
      })
      await delay(full ? 20_000 : 4_000)
      locker.postMessage('stop')
      const [taken] = (await once(locker, 'message')) as [number]
      const entries = await load.stop()
      say(`${taken} locks taken, ${entries.length} orders`)
      assert.ok(taken >= 20, `${taken} locks are no storm.`)
      assert.ok(entries.length >= 5, `${entries.length} orders are no load.`)
      expectAnswered(load.tally, say)
      assert.ok(load.tally.slowestMs < 10_000, `A request took ${load.tally.slowestMs} ms.`)
      await untilQuiet(site)
      await expectSound(site, entries)
    } finally {
      await site.stop()
    }
  },
}

export default [busyStorm]
