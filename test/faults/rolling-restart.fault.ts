import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Share } from '../processes.ts'
import type { Fault } from './fault.ts'
import { expectAnswered, startLoad } from './load.ts'
import { openSplit, type Site, untilQuiet } from './site.ts'
import { expectSound } from './soundness.ts'

const stopTimeoutMs = 10_000
const shares: readonly Share[] = [['identity', 'issuance'], ['verification', 'notification'], ['gateway']].map((modules) => ({ modules, replicas: 2 }))

const rollingRestart: Fault = {
  name: 'every process of a split with two replicas ends by SIGTERM in its turn, under load: exit 0 in time, no request cut or refused but by 503, nothing lost, nothing twice',
  long: true,
  async run({ random, say }) {
    let site: Site | undefined
    try {
      site = await openSplit({
        shares,
        environment: { STOP_TIMEOUT_MS: String(stopTimeoutMs) },
      })
      const { installation } = site
      const load = await startLoad(site, { random, prefix: 'rolling' })
      await delay(1_000)
      let slowestMs = 0
      for (const one of installation.processes) {
        const since = performance.now()
        const status = await one.stop()
        slowestMs = Math.max(slowestMs, performance.now() - since)
        assert.equal(status, 0, `${one.name} ended with ${status}: ${installation.output().slice(-3_000)}`)
        await one.start()
      }
      await delay(1_000)
      const entries = await load.stop()
      say(`${installation.processes.length} processes, the slowest stopped in ${Math.round(slowestMs)} ms`)
      assert.ok(slowestMs < stopTimeoutMs, `A process took ${slowestMs} ms to stop.`)
      expectAnswered(load.tally, say)
      await untilQuiet(site)
      await expectSound(site, entries)
    } finally {
      await site?.stop()
    }
  },
}

export default [rollingRestart]
