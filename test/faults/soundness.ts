import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Ask } from '../scenarios/ask.ts'
import { expectStatus } from '../scenarios/expect.ts'
import type { Issuer } from '../scenarios/issuer.ts'
import { entryOf, readCheckpoint, readEntries, rootOf } from '../scenarios/reference-log.ts'
import { until } from '../scenarios/until.ts'
import type { Anvil } from '../servers/anvil.ts'
import type { Smtp } from '../servers/smtp.ts'
import type { Entry } from './ledger.ts'
import { type Site, untilQuiet } from './site.ts'

/** A credential as the API lists it. */
export interface Listed {
  readonly id: string
  readonly state: string
  readonly publicUrl: string
  readonly recipient: { readonly email: string }
}

/** Every credential of the organization, page by page. */
export async function listAll(issuer: Issuer): Promise<Listed[]> {
  const found: Listed[] = []
  for (let after: string | null = ''; after !== null;) {
    const { json } = expectStatus(await issuer.ask('GET', `/v1/credentials?limit=200${after && `&after=${after}`}`), 200)
    found.push(...(json.credentials as Listed[]))
    after = json.next as string | null
  }
  return found
}

/** All answers to a key are one answer, byte for byte, and it is of the one credential that this order has. */
export function expectOneEach(entries: readonly Entry[], credentials: readonly Listed[]): void {
  const byEmail = Map.groupBy(credentials, ({ recipient }) => recipient.email)
  for (const { key, order, answers } of entries) {
    assert.ok(answers.length > 0, `${key} was never accepted.`)
    const bodies = new Set(answers.map(({ text }) => text))
    assert.equal(bodies.size, 1, `${key} was answered differently: ${[...bodies].join(' and ')}`)
    const found = byEmail.get(order.email) ?? []
    assert.equal(found.length, 1, `${key} has ${found.length} credentials.`)
    assert.equal(answers[0]!.json.id, found[0]!.id, `${key} was told of another credential than the one that is there.`)
    assert.equal(found[0]!.state, 'issued', `${key} ended as ${found[0]!.state}.`)
  }
}

/** Every recipient was written to under one Message-ID, and every Message-ID to one recipient. */
export async function expectOneMailEach(smtp: Smtp, emails: readonly string[]): Promise<{ repeated: number }> {
  const messages = await smtp.messages()
  const idsOf = new Map<string, Set<string>>()
  const recipientOf = new Map<string, string>()
  for (const { messageId, recipients, attachments } of messages) {
    const [email = ''] = recipients
    assert.equal(recipients.length, 1)
    assert.ok(attachments.some(({ contentType }) => contentType === 'application/pdf'), `${messageId} carries no PDF.`)
    assert.equal(recipientOf.get(messageId) ?? email, email, `${messageId} went to two recipients.`)
    recipientOf.set(messageId, email)
    idsOf.set(email, (idsOf.get(email) ?? new Set()).add(messageId))
  }
  for (const email of emails) assert.equal(idsOf.get(email)?.size ?? 0, 1, `${email} has ${idsOf.get(email)?.size ?? 0} Message-IDs.`)
  assert.equal(recipientOf.size, emails.length, 'There are mails to others.')
  return { repeated: messages.length - recipientOf.size }
}

/** Every credential has one leaf, at a place of its own, and the log holds nothing else. */
export async function expectOneLeafEach({ ask }: Pick<Site, 'ask'>, credentials: readonly Listed[], others = 0): Promise<Buffer[]> {
  const { size, root } = await readCheckpoint(ask)
  const entries = await readEntries(ask, size)
  assert.ok(rootOf(entries).equals(root), 'The checkpoint is not of these entries.')
  assert.equal(size, credentials.length + others, `The log holds ${size} leaves for ${credentials.length + others} credentials.`)
  const places = new Set<number>()
  await eachOf(credentials, 8, async ({ publicUrl }) => {
    const { json } = expectStatus(await ask('GET', publicUrl, { headers: { accept: 'application/json' } }), 200)
    const { index, salt } = json.log as { index: number; salt: string }
    assert.ok(entries[index]?.equals(entryOf(json.credential, salt)), `${publicUrl} does not stand in the log at ${index}.`)
    places.add(index)
  })
  assert.equal(places.size, credentials.length, 'Two credentials share a leaf.')
  return entries
}

/** Each checkpoint that was seen is signed, is of the beginning of these entries, and the proof that is served leads on from it. */
export async function expectConsistent(ask: Ask, seen: readonly string[], entries: readonly Buffer[]): Promise<void> {
  const finalRoot = rootOf(entries)
  for (const note of seen) {
    const { size, root } = await readCheckpoint(ask, note)
    assert.ok(size <= entries.length, `A checkpoint of ${size} was seen, and the log ends at ${entries.length}.`)
    assert.ok(rootOf(entries.slice(0, size)).equals(root), `The checkpoint of ${size} is not a beginning of the log.`)
    const { json } = expectStatus(await ask('GET', `/log/proof/consistency?from=${size}&to=${entries.length}`), 200)
    const proof = (json.proof as string[]).map((text) => Buffer.from(text, 'base64'))
    assert.ok(provesConsistency(size, entries.length, root, finalRoot, proof), `The consistency proof from ${size} does not hold.`)
  }
}

const node = (left: Buffer, right: Buffer): Buffer =>
  createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest()

/** RFC 9162, section 2.1.4.2. */
export function provesConsistency(first: number, second: number, firstRoot: Buffer, secondRoot: Buffer, given: readonly Buffer[]): boolean {
  if (first === second) return given.length === 0 && firstRoot.equals(secondRoot)
  const proof = [...given]
  if (Number.isInteger(Math.log2(first))) proof.unshift(firstRoot)
  let [fn, sn] = [first - 1, second - 1]
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  const begin = proof.shift()
  if (!begin) return false
  let [fr, sr] = [begin, begin]
  for (const hash of proof) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = node(hash, fr)
      sr = node(hash, sr)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
    } else sr = node(sr, hash)
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  return sn === 0 && fr.equals(firstRoot) && sr.equals(secondRoot)
}

/** Looks at the log's checkpoint until it is stopped; answers every different one that it saw. */
export function watchCheckpoints(ask: Ask): { stop(): Promise<string[]> } {
  const seen = new Set<string>()
  let stopped = false
  const watching = (async () => {
    while (!stopped) {
      const answer = await ask('GET', '/log/checkpoint').catch(() => undefined)
      if (answer?.status === 200) seen.add(answer.text)
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
  })()
  return {
    async stop() {
      stopped = true
      await watching
      return [...seen]
    },
  }
}

/** What there is of an organization that asked for these entries and nothing else: nothing is lost, nothing twice. */
export async function expectSound(site: Site, entries: readonly Entry[]) {
  const credentials = await listAll(site.issuer)
  expectOneEach(entries, credentials)
  assert.equal(credentials.length, entries.length)
  const { repeated } = await expectOneMailEach(site.smtp, entries.map(({ order }) => order.email))
  const log = await expectOneLeafEach(site, credentials)
  await expectWholeAudit(site)
  return { credentials, repeated, log }
}

/** The anchor of each has come, and whoever asks is told that it is good. */
export async function expectAnchored({ ask, issuer }: Pick<Site, 'ask' | 'issuer'>, credentials: readonly Listed[]): Promise<void> {
  for (const { publicUrl } of credentials) {
    const { credential } = await until(`the anchor of ${publicUrl}`, async () => {
      const { status, json } = await ask('GET', publicUrl, { headers: { accept: 'application/json' } })
      return status === 200 && json.anchor && json
    })
    const verdict = expectStatus(await issuer.ask('POST', '/v1/verify', { json: { credential } }), 200).json
    assert.equal(verdict.verified, true, JSON.stringify(verdict))
  }
}

/** The audit chains of every module are whole, by the command line. */
export async function expectWholeAudit({ installation }: Pick<Site, 'installation'>): Promise<void> {
  const { status, stdout, stderr } = await installation.cli('audit', 'verify', '--json')
  assert.equal(status, 0, `audit verify ended with ${status}: ${stdout}${stderr}`)
  const { entries, broken, contradicted } = JSON.parse(stdout) as { entries: number; broken: unknown[]; contradicted: unknown[] }
  assert.ok(entries > 0)
  assert.deepEqual([broken, contradicted], [[], []])
}

/** Every chain's end is with its witness, as it is. */
export const untilWitnessed = ({ installation }: Pick<Site, 'installation'>): Promise<unknown> =>
  until('the ends of all audit chains to be witnessed', async () => {
    const { witnessed, chains } = JSON.parse((await installation.cli('audit', 'verify', '--json')).stdout) as { witnessed: number; chains: number }
    return witnessed === chains
  })

/** Every transaction of the anchoring account is mined, and none waits for one before it. */
export async function expectNoGap({ rpc, accounts: [account] }: Pick<Anvil, 'rpc' | 'accounts'>): Promise<void> {
  const count = (block: string) => rpc('eth_getTransactionCount', account!.address, block).then(Number)
  assert.deepEqual(await rpc('txpool_status'), { pending: '0x0', queued: '0x0' })
  assert.ok(await count('latest') > 0, 'Nothing was anchored.')
  assert.equal(await count('pending'), await count('latest'))
}

export interface Record {
  readonly entries: readonly Entry[]
  /** Checkpoints that were seen on the way. */
  readonly seen: readonly string[]
  readonly anvil?: Pick<Anvil, 'rpc' | 'accounts'>
  readonly say: (text: string) => void
}

/** All that must hold once everything is quiet, of an organization that asked for these entries and nothing else. */
export async function expectAllSound(site: Site, { entries, seen, anvil, say }: Record): Promise<void> {
  await untilQuiet(site)
  const { credentials, repeated, log } = await expectSound(site, entries)
  await expectConsistent(site.ask, seen, log)
  if (anvil) {
    await expectAnchored(site, [credentials[0]!, credentials.at(-1)!])
    await expectNoGap(anvil)
  }
  say(`${credentials.length} credentials, ${repeated} mails repeated under their Message-ID, ${seen.length} checkpoints seen`)
}

async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const item of rest) await work(item)
  }))
}
