import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readRecipients } from '../../scripts/lib/demo/recipients.ts'
import { batchFinished, uploaded } from '../../test/faults/batch-file.ts'
import { type Site, untilQuiet } from '../../test/faults/site.ts'
import type { Issuer } from '../../test/scenarios/issuer.ts'

const EVERY_MS = 200
const sample = join(import.meta.dirname, '../../test/data/recipients-1000.csv')

/** Of each single issue, in milliseconds: until it was accepted, and until its mail had arrived. */
export interface Times {
  readonly accepted: readonly number[]
  readonly mailed: readonly number[]
}

/** Issues one at a time, evenly, until told to stop. */
export async function issueEvenly({ smtp }: Site, issuer: Issuer, round: string, ended: () => boolean): Promise<Times> {
  const sentAt = new Map<string, number>()
  const accepted: number[] = []
  for (let at = 0; !ended(); at++) {
    const email = issuer.email(`single-${round}-${at}`)
    sentAt.set(email, Date.now())
    const begun = performance.now()
    await issuer.accept({ email })
    accepted.push(performance.now() - begun)
    await delay(Math.max(0, sentAt.get(email)! + EVERY_MS - Date.now()))
  }
  const arrived = () => new Map(smtp.envelopes().map(({ recipients, at }) => [recipients[0]!, at]))
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(250)) {
    const mails = arrived()
    if ([...sentAt.keys()].every((email) => mails.has(email))) break
  }
  const mails = arrived()
  // What never came took longer than anybody waits.
  return { accepted, mailed: [...sentAt].map(([email, sent]) => (mails.get(email) ?? Number.POSITIVE_INFINITY) - sent) }
}

/** Single issues of `issuer` for as long as the site's own organization has a file of so many new people worked off. */
export async function issueBesideBatch(site: Site, issuer: Issuer, rows: number, name: string): Promise<{ times: Times; seconds: number }> {
  const { bytes } = readRecipients(sample, rows)
  const file = Buffer.from(bytes.toString('utf8').replaceAll('@', `.${name}@`).replaceAll('EXT-', `EXT-${name}-`))
  const id = await uploaded(site.issuer, file, `round-${name}`)
  const begun = performance.now()
  let over = false
  const batch = batchFinished(site.issuer, id, 1_800_000).finally(() => { over = true })
  const times = await issueEvenly(site, issuer, name, () => over)
  await batch
  const seconds = (performance.now() - begun) / 1_000
  await untilQuiet(site)
  return { times, seconds }
}
