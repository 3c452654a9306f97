import { join } from 'node:path'
import { readRecipients } from '../../scripts/lib/demo/recipients.ts'
import { batchFinished, uploaded } from '../../test/faults/batch-file.ts'
import { openSite, untilQuiet } from '../../test/faults/site.ts'
import { type Bench, quantile, rounded } from '../measure.ts'
import { issueEvenly } from './issue-evenly.ts'

const ROWS = 20_000
const IDLE_MS = 20_000
const sample = join(import.meta.dirname, '../../test/data/recipients-1000.csv')

export const bench: Bench = {
  name: 'single',
  unit: 'ms',
  says: `from the request until the mail has arrived, for 99 of 100 single issues: beside a batch of ${ROWS} (ours), and alone (peer)`,
  async start() {
    const site = await openSite({ keepBodies: false, environment: { SWEEP_INTERVAL_MS: '1000', ACCESS_TOKEN_SECONDS: '3600' } })
    const singles: number[] = []
    const rates: number[] = []
    let round = 0
    return {
      async ours() {
        const name = `${++round}`
        const { bytes } = readRecipients(sample, ROWS)
        const file = Buffer.from(bytes.toString('utf8').replaceAll('@', `.${name}@`).replaceAll('EXT-', `EXT-${name}-`))
        const id = await uploaded(site.issuer, file, `round-${name}`)
        const begun = performance.now()
        let over = false
        const batch = batchFinished(site.issuer, id, 1_800_000).finally(() => { over = true })
        const { mailed: times } = await issueEvenly(site, site.issuer, name, () => over)
        await batch
        rates.push((ROWS * 1_000) / (performance.now() - begun))
        await untilQuiet(site)
        singles.push(...times)
        return quantile(times, 0.99)
      },
      async peer() {
        const until = Date.now() + IDLE_MS
        return quantile((await issueEvenly(site, site.issuer, `idle-${++round}`, () => Date.now() > until)).mailed, 0.99)
      },
      details: () => ({
        singles: singles.length,
        p50Ms: rounded(quantile(singles, 0.5)),
        p99Ms: rounded(quantile(singles, 0.99)),
        batchPerSecond: rates.map((rate) => Math.round(rate)),
      }),
      stop: site.stop,
    }
  },
}
