import type { RequestInit, Response } from 'undici'
import { setTimeout as delay } from 'node:timers/promises'

/** What says requests to the public API with a token. */
type Caller = { fetch(path: string, init?: RequestInit): Promise<Response> }

/** A credential that people will look at. */
export type Shown = { id: string, url: string, name: string, achievement: string, recipientId: string }

export type Order = { name: string, achievement: string, locale?: string, template?: string, criteria?: string }

type Issued = { issuedAt: string | null, recipient: { id: string } }

/** Sends JSON and reads it; throws with the answer when it is not a success. */
export async function send<T>(caller: Caller, method: string, path: string, body?: unknown): Promise<T> {
  const response = await caller.fetch(path, {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${await response.text()}`)
  return await response.json() as T
}

/** Waits until `find` answers something; throws after a quarter of a minute. */
export async function until<T>(what: string, find: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`)
    await delay(100)
  }
}

/** Issues a credential and waits until it is signed, printed and has its public page. */
export async function issue(caller: Caller, order: Order): Promise<Shown> {
  const { name, achievement, locale, template, criteria } = order
  const { id, links } = await send<{ id: string, links: { public: string } }>(caller, 'POST', '/v1/credentials', {
    recipient: { name, email: `${crypto.randomUUID()}@example.org`, ...(locale && { locale }) },
    achievement: { name: achievement, ...(criteria && { criteria }) },
    completedOn: '2026-06-30',
    ...(template && { template }),
  })
  const issued = await until(`the credential of ${name}`, async () => {
    const credential = await send<Issued>(caller, 'GET', `/v1/credentials/${id}`)
    if (credential.issuedAt === null) return undefined
    const page = await caller.fetch(links.public, { headers: { accept: 'application/json' } })
    if (!page.ok) return undefined
    const { log } = await page.json() as { log: { root: string | null } | null }
    return log?.root ? credential : undefined
  })
  return { id, url: links.public, name, achievement, recipientId: issued.recipient.id }
}
