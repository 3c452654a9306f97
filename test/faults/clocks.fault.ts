import assert from 'node:assert/strict'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { moduleNames } from '../module-names.ts'
import type { Fault } from './fault.ts'
import { expectAnswered, startLoad } from './load.ts'
import { openSplit, type Site, untilQuiet } from './site.ts'
import { expectSound } from './soundness.ts'

const offMinutes = 10
/** It shifts the clock of whoever imports it. */
const preload = `--import=${pathToFileURL(join(import.meta.dirname, 'shifted-clock.ts')).href}`

/** Modules that strangers bring no token to: what checks one refuses it when its clock is wrong, as it must. */
const places = [
  { module: 'verification', off: offMinutes, way: 'fast' },
  { module: 'notification', off: -offMinutes, way: 'slow' },
]

/** It says so itself: in the times of its log. */
function expectOff(output: string, offMs: number): void {
  const times = [...output.matchAll(/"time":"?([^",}]+)/g)].map(([, time = '']) => (/^\d+$/.test(time) ? Number(time) : Date.parse(time)))
  assert.ok(times.some((time) => Math.abs(time - Date.now() - offMs) < 120_000), `No clock is ${offMs} ms off: ${output.slice(-2_000)}`)
}

const clockOff = ({ module, off, way }: (typeof places)[number]): Fault => ({
  name: `the clock of ${module} is ten minutes ${way}: it calls and is called, the doctor says it, nothing lost, nothing twice`,
  long: true,
  async run({ random, say }) {
    let site: Site | undefined
    try {
      const given = process.env.NODE_OPTIONS ?? ''
      site = await openSplit({
        shares: [
          { modules: [...moduleNames.filter((name) => name !== module), 'gateway'] },
          { modules: [module], environment: { NODE_OPTIONS: `${given} ${preload}`.trim(), CLOCK_OFF_MS: String(off * 60_000) } },
        ],
        environment: { LOG_LEVEL: 'info' },
      })
      const { installation } = site
      expectOff(installation.output(), off * 60_000)
      const load = await startLoad(site, { random, prefix: 'clock' })
      await delay(4_000)
      const entries = await load.stop()
      expectAnswered(load.tally, say)
      await untilQuiet(site)
      await expectSound(site, entries)
      for (const { name, internalUrl } of installation.processes) {
        const health = await fetch(`${internalUrl}/health`)
        assert.equal(health.status, 200, `${name} is not well: ${await health.text()}`)
      }
      // The command line asks each process in its turn.
      const doctors = [await installation.cli('doctor'), await installation.cli('doctor')]
      assert.equal(doctors.filter(({ stdout }) => /The clock of the database is -?\d{6} ms off/.test(stdout)).length, 1, doctors.map(({ stdout }) => stdout).join('\n'))
    } finally {
      await site?.stop()
    }
  },
})

export default places.map(clockOff)
