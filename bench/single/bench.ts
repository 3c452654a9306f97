import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readRecipients } from '../../scripts/lib/demo/recipients.ts'
import { batchFinished, uploaded } from '../../test/faults/batch-file.ts'
import { openSite, type Site, untilQuiet } from '../../test/faults/site.ts'
import { type Bench, quantile, rounded } from '../measure.ts'

const ROWS = 20_000
const EVERY_MS = 200
const IDLE_MS = 20_000
const sample = join(import.meta.dirname, '../../test/data/recipients-1000.csv')

/** Issues one at a time, evenly, until told to stop; answers how long each took until its mail had arrived, in ms. */
async function issueEvenly({ issuer, smtp }: Site, round: string, ended: () => boolean): Promise<number[]> {
  const sentAt = new Map<string, number>()
  for (let at = 0; !ended(); at++) {
    const email = issuer.email(`single-${round}-${at}`)
    sentAt.set(email, Date.now())
    await issuer.accept({ email })
    await delay(Math.max(0, sentAt.get(email)! + EVERY_MS - Date.now()))
  }
  const arrived = () => new Map(smtp.envelopes().map(({ recipients, at }) => [recipients[0]!, at]))
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(250)) {
    const mails = arrived()
    if ([...sentAt.keys()].every((email) => mails.has(email))) break
  }
  const mails = arrived()
  // What never came took longer than anybody waits.
  return [...sentAt].map(([email, sent]) => (mails.get(email) ?? Number.POSITIVE_INFINITY) - sent)
}

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
        const times = await issueEvenly(site, name, () => over)
        await batch
        rates.push((ROWS * 1_000) / (performance.now() - begun))
        await untilQuiet(site)
        singles.push(...times)
        return quantile(times, 0.99)
      },
      async peer() {
        const until = Date.now() + IDLE_MS
        return quantile(await issueEvenly(site, `idle-${++round}`, () => Date.now() > until), 0.99)
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
