import { setTimeout as delay } from 'node:timers/promises'
import type { Installation } from '../../../test/installation.ts'
import type { ReceivedMessage, Smtp } from '../../../test/servers/smtp.ts'
import { isAnchored, type ClaimedAnchor, type ClaimedPlace } from './anchor-check.ts'
import type { Bars } from './bars.ts'
import { createSignatureCheck, type Json } from './signature-check.ts'
import type { Listed } from './specimens.ts'

export interface CheckOptions {
  readonly installation: Installation
  readonly smtp: Smtp
  readonly issued: readonly Listed[]
  readonly bars: Bars
  readonly patienceMs: number
  /** Roots that stand on the chain, by size of the tree. */
  readonly roots: () => Promise<Map<number, Buffer>>
}

/** What the address in a mail answers. */
type Page = { credential: Json; log: ClaimedPlace | null; anchor: ClaimedAnchor | null }

const atOnce = 8

/**
 * Does with every mail what its recipient can do: opens the link in it, checks the credential there and in the PDF, and
 * its place under a root on the chain. Counts mails by Message-ID, the rest by credential.
 */
export async function checkCredentials(options: CheckOptions): Promise<{ mailed: number; anchored: number; verified: number }> {
  const { installation, smtp, issued, bars } = options
  const expected = new Set(issued.map(({ publicUrl }) => publicUrl))
  const mails = new Map<string, ReceivedMessage>()
  for (const mail of await smtp.messages()) {
    const link = linkIn(mail)
    if (link !== undefined && expected.has(link) && pdfOf(mail)) mails.set(link, mail)
  }
  // Two Message-IDs for one credential would be two mails to one person.
  const messageIds = new Set([...mails.values()].map(({ messageId }) => messageId))
  bars.set('mailed', messageIds.size)

  const getJson = async (url: string): Promise<Json> => {
    const response = await installation.fetch(url, { headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`${url} answers ${response.status}.`)
    return (await response.json()) as Json
  }
  const check = createSignatureCheck(getJson)
  const faults: string[] = []
  let verified = 0
  const seen = new Map<string, Page>()
  await forEach([...mails], async ([link, mail]) => {
    try {
      const page = (await getJson(link)) as unknown as Page
      seen.set(link, page)
      await check(page.credential)
      if (!carries(mail, page.credential)) throw new Error(`The PDF of ${link} carries another credential.`)
      bars.set('verified', ++verified)
    } catch (error) {
      faults.push(String(error))
    }
  })
  const anchored = await untilAnchored(options, seen, async (link) => (await getJson(link)) as unknown as Page)
  if (faults.length > 0) process.stderr.write(`${faults.length} faults; the first: ${faults[0]}\n`)
  return { mailed: messageIds.size, anchored, verified }
}

/** Asks again for those whose anchor was not final yet, whenever the chain has a new root. */
async function untilAnchored(
  { bars, patienceMs, roots }: CheckOptions, seen: Map<string, Page>, fetchPage: (link: string) => Promise<Page>,
): Promise<number> {
  const anchored = new Set<string>()
  let known = new Map<number, Buffer>()
  for (let quietSince = Date.now(); Date.now() - quietSince < patienceMs;) {
    const before = anchored.size
    known = await roots()
    const largest = Math.max(0, ...known.keys())
    await forEach([...seen].filter(([link]) => !anchored.has(link)), async ([link, page]) => {
      let { log, anchor } = page
      if ((!log || !anchor) && (!log || log.index < largest)) {
        const again = await fetchPage(link)
        seen.set(link, again)
        ;({ log, anchor } = again)
      }
      if (!log || !anchor || !isAnchored(page.credential, log, anchor, known)) return
      anchored.add(link)
      bars.set('anchored', anchored.size)
    })
    if (anchored.size === seen.size) break
    if (anchored.size > before) quietSince = Date.now()
    await delay(250)
  }
  return anchored.size
}

const linkIn = ({ text }: ReceivedMessage): string | undefined => /https:\/\/\S+\/v\/\S+/.exec(text)?.[0]

export const pdfOf = ({ attachments }: ReceivedMessage): Buffer | undefined =>
  attachments.find(({ contentType, content }) => contentType === 'application/pdf' && content.subarray(0, 5).toString() === '%PDF-')?.content

/** The signature stands in the file that is embedded in the PDF, which is not compressed. */
function carries(mail: ReceivedMessage, credential: Json): boolean {
  const [proof] = [credential.proof].flat() as { proofValue: string }[]
  return proof !== undefined && (pdfOf(mail)?.includes(proof.proofValue) ?? false)
}

/** Runs work on all items, a few at once. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const item of rest) await work(item)
  }))
}
