import { openSite } from '../../test/faults/site.ts'
import { type Bench, quantile, rounded } from '../measure.ts'
import { issueBesideBatch, issueEvenly } from './issue-evenly.ts'

const ROWS = 20_000
const IDLE_MS = 20_000

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
        const { times: { mailed: times }, seconds } = await issueBesideBatch(site, site.issuer, ROWS, name)
        rates.push(ROWS / seconds)
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
