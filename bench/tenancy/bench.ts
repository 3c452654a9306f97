import { openSite } from '../../test/faults/site.ts'
import { createIssuer } from '../../test/scenarios/issuer.ts'
import { type Bench, quantile, rounded } from '../measure.ts'
import { issueBesideBatch, issueEvenly, type Times } from '../single/issue-evenly.ts'

const ROWS = 1_500
const IDLE_MS = 20_000

const figures = (of: readonly Times[]) => {
  const [accepted, mailed] = [of.flatMap((times) => times.accepted), of.flatMap((times) => times.mailed)]
  return {
    singles: accepted.length,
    acceptedP50Ms: rounded(quantile(accepted, 0.5)),
    acceptedP99Ms: rounded(quantile(accepted, 0.99)),
    mailedP50Ms: rounded(quantile(mailed, 0.5)),
    mailedP99Ms: rounded(quantile(mailed, 0.99)),
  }
}

export const bench: Bench = {
  name: 'tenancy',
  unit: 'ms',
  says: `from the request until the mail has arrived, for 99 of 100 single issues of an organization: beside another's batch of ${ROWS} (ours), and alone (peer)`,
  async start() {
    const site = await openSite({ keepBodies: false, environment: { SWEEP_INTERVAL_MS: '1000', ACCESS_TOKEN_SECONDS: '3600' } })
    const small = await createIssuer(site, site.ask)
    const beside: Times[] = []
    const alone: Times[] = []
    let round = 0
    return {
      async ours() {
        const name = `${++round}`
        const { times } = await issueBesideBatch(site, small, ROWS, name)
        beside.push(times)
        return quantile(times.mailed, 0.99)
      },
      async peer() {
        const until = Date.now() + IDLE_MS
        const times = await issueEvenly(site, small, `idle-${++round}`, () => Date.now() > until)
        alone.push(times)
        return quantile(times.mailed, 0.99)
      },
      details: () => ({ beside: figures(beside), alone: figures(alone) }),
      stop: site.stop,
    }
  },
}
