import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inContext } from '#platform/context.ts'
import { recipientErased } from '#modules/identity/index.ts'
import { acme, type Issuance, type IssuanceProcess, person, publicUrl, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { createOrganizationProfiles } from '../organization-profiles.ts'
import { monthAfter } from './erasure-requests.ts'
import { createLinkRequests, createLinkRunner } from './link-requests.ts'
import { createRecipientMails, recipientPerson, tokenDigest } from './recipient-mails.ts'

describe.each(testDialects)('recipients come in by a mailed link on %s', (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  let at: Date
  beforeEach(async () => {
    issuance = await startIssuance(open)
    at = new Date()
    here = issuance.compose({ now: () => at })
    for (const one of [person(1), person(1, 'Rust'), person(2)]) await here.ask('POST', '/v1/credentials', { ...one, occurrence: one.achievement.name })
  })
  afterEach(() => issuance.stop())

  const recipients = async () => {
    const { credentials } = issuance.tables
    const rows = await issuance.database.read.select({ id: credentials.id, recipientId: credentials.recipientId }).from(credentials).orderBy(credentials.id)
    return { ada: rows[0]!.recipientId, adas: rows[0]!.id, grace: rows[2]!.recipientId }
  }
  const mails = () => createRecipientMails(here.context, createOrganizationProfiles(here.context))
  const later = (minutes: number) => (at = new Date(at.getTime() + minutes * 60_000))
  const send = (method: string, path: string, { cookie, form }: { cookie?: string; form?: Record<string, string> } = {}) =>
    here.app.request(`${publicUrl}${path}`, {
      method,
      headers: { origin: publicUrl, ...(cookie && { cookie }), ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(form && { body: new URLSearchParams(form).toString() }),
    })
  /** Runs the step of a link as the runner does, and answers the address that is in the mail. */
  const linkFor = async (recipientId: string, id: string) => {
    const write = await createLinkRunner(mails())({ key: id, organizationId: acme, input: { recipientId } } as never)
    await issuance.database.transaction(write!)
    return new URL((await mails().find(id)).link).pathname
  }
  const cookieOf = (response: Response) => response.headers.getSetCookie()[0]!.split(';')[0]!
  const letIn = async (recipientId: string, id: string) => cookieOf(await send('POST', await linkFor(recipientId, id)))

  test('a link is good for an hour and once; what it opens, for half an hour', async () => {
    const { ada } = await recipients()
    const late = await linkFor(ada, 'late')
    later(61)
    expect((await send('GET', late)).status).toBe(410)
    expect((await send('POST', late)).status).toBe(410)
    await expect(mails().find('late')).rejects.toMatchObject({ code: 'gone' })
    const link = await linkFor(ada, 'good')
    later(59)
    expect((await send('GET', link)).status).toBe(200)
    const answers = await Promise.all([send('POST', link), send('POST', link), send('POST', link)])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410, 410])
    const cookie = cookieOf(answers.find(({ status }) => status === 303)!)
    expect(cookie).toMatch(/^__Host-vellum\.recipient=[\w-]{43}$/)
    later(29)
    expect((await send('GET', '/recipient/acme', { cookie })).status).toBe(200)
    later(2)
    expect((await send('GET', '/recipient/acme', { cookie })).status).toBe(401)
    await expect(here.parts.handlers.recipientSession({ token: cookie.split('=')[1]! }, {} as never)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('the cookie is of one organization and one recipient; neither it nor the link is stored', async () => {
    const { ada, grace } = await recipients()
    const link = await linkFor(ada, 'a')
    const cookie = cookieOf(await send('POST', link))
    const hers = await letIn(grace, 'g')
    expect(await (await send('GET', '/recipient/acme', { cookie })).text()).toContain('person-1@example.org')
    const page = await (await send('GET', '/recipient/acme', { cookie: hers })).text()
    expect(page).toContain('person-2@example.org')
    expect(page).not.toContain('person-1')
    expect((await send('GET', '/recipient/globex', { cookie })).status).toBe(401)
    const { recipientMails, recipientSessions } = issuance.tables
    const waiting = await linkFor(ada, 'b')
    const stored = JSON.stringify([await issuance.database.read.select().from(recipientSessions),
      (await issuance.database.read.select().from(recipientMails)).map((row) => ({ ...row, content: Buffer.from(row.content).toString('latin1') }))])
    for (const secret of [cookie.split('=')[1]!, waiting.split('/').at(-1)!, 'person-1']) expect(stored).not.toContain(secret)
    // Coming in again ends the session before.
    await here.app.request(`${publicUrl}${waiting}`, { method: 'POST', headers: { origin: publicUrl, cookie, 'content-type': 'application/x-www-form-urlencoded' } })
    expect((await send('GET', '/recipient/acme', { cookie })).status).toBe(401)
  })

  test('requests are counted by address, client and organization', async () => {
    const { adas } = await recipients()
    const { steps } = issuance.database.raw.platform
    const ask = createLinkRequests(here.context, { address: 2, client: 4, organization: 6 })
    const from = (address: string, whom: Parameters<typeof ask>[1]) => inContext({ address }, () => ask(acme, whom))
    const written = async () => (await issuance.database.raw.select().from(steps).where(eq(steps.kind, 'send-recipient-link'))).length
    // By the credential or by the address: it is the same mailbox.
    await from('192.0.2.1', { credentialId: adas })
    await from('192.0.2.1', { email: ' Person-1@example.org' })
    await from('192.0.2.1', { email: 'person-1@example.org' })
    expect(await written()).toBe(2)
    await from('192.0.2.1', { email: 'nobody@example.org' })
    expect(await written()).toBe(3)
    await expect(from('192.0.2.1', { email: 'nobody@example.org' })).rejects.toMatchObject({ code: 'rate-limited' })
    await from('192.0.2.2', { email: 'person-2@example.org' })
    await from('192.0.2.2', { email: 'person-2@example.org' })
    await expect(from('192.0.2.3', { email: 'x@example.org' })).rejects.toMatchObject({ code: 'rate-limited' })
    const { linkLimits } = issuance.tables
    expect(JSON.stringify(await issuance.database.read.select().from(linkLimits))).not.toMatch(/example|192/)
    later(61)
    await from('192.0.2.1', { email: 'person-1@example.org' })
    expect(await written()).toBe(6)
  })

  test('an erasure takes links, requests and counts, and tells who has the cookie; a link that was on its way is not written', async () => {
    const { ada } = await recipients()
    await createLinkRequests(here.context)(acme, { email: 'person-1@example.org' })
    const cookie = await letIn(ada, 'in')
    const unused = await linkFor(ada, 'unused')
    await send('POST', '/recipient/acme/erasure', { cookie })
    const onItsWay = await createLinkRunner(mails())({ key: 'late', organizationId: acme, input: { recipientId: ada } } as never)
    issuance.keys.erase(ada)
    // Before the news has come here, too.
    expect((await send('GET', '/recipient/acme', { cookie })).status).toBe(410)
    await issuance.deliver(here.parts, recipientErased, { recipientId: ada })
    await issuance.database.transaction(onItsWay!)
    for (const name of ['recipientMails', 'erasureRequests'] as const)
      expect(await issuance.database.read.select().from(issuance.tables[name]).where(eq(issuance.tables[name].recipientId, ada))).toEqual([])
    const { linkLimits, recipientSessions } = issuance.tables
    expect((await issuance.database.read.select().from(linkLimits)).filter(({ kind }) => kind === 'address')).toEqual([])
    expect((await issuance.database.read.select().from(recipientSessions)).map(({ recipientId }) => recipientId)).toEqual([null])
    expect((await send('GET', '/recipient/acme', { cookie })).status).toBe(410)
    await expect(here.parts.handlers.recipientSession({ token: cookie.split('=')[1]! }, {} as never)).rejects.toMatchObject({ code: 'gone' })
    expect((await send('POST', unused)).status).toBe(410)
    await expect(mails().find('unused')).rejects.toMatchObject({ code: 'gone' })
  })

  test('why a request was refused is sealed, and told to the recipient; nobody decides what was taken back', async () => {
    const { ada } = await recipients()
    const cookie = await letIn(ada, 'in')
    const ask = () => send('POST', '/recipient/acme/erasure', { cookie })
    const newest = async () => (await here.ask('GET', '/v1/erasure-requests?limit=1')).json.requests[0]
    await Promise.all([ask(), ask(), ask()])
    expect((await here.ask('GET', '/v1/erasure-requests')).json.requests).toHaveLength(1)
    const { id, dueAt, createdAt } = await newest()
    expect(dueAt).toBe(monthAfter(new Date(createdAt)).toISOString())
    await send('POST', '/recipient/acme/erasure/take-back', { cookie })
    expect((await here.ask('POST', `/v1/erasure-requests/${id}/grant`)).status).toBe(409)
    await ask()
    const reason = 'Person 1 is in a register that the law keeps.'
    const refuse = async () => here.ask('POST', `/v1/erasure-requests/${(await newest()).id}/refuse`, { reason })
    expect((await Promise.all([refuse(), refuse()])).map(({ status }) => status)).toEqual([200, 200])
    const { erasureRequests, recipientMails } = issuance.tables
    const rows = await issuance.database.read.select().from(erasureRequests)
    expect(rows.map(({ state }) => state)).toEqual(['withdrawn', 'refused'])
    expect(JSON.stringify(rows.map((row) => ({ ...row, reason: row.reason && Buffer.from(row.reason).toString('latin1') })))).not.toContain('register')
    const told = await issuance.database.read.select().from(recipientMails)
    expect(told.map(({ kind }) => kind)).toEqual(['erasure-refused'])
    expect(await mails().find(told[0]!.id)).toMatchObject({ kind: 'erasure-refused', email: 'person-1@example.org', reason, link: `${publicUrl}/recipient/acme` })
    expect(await (await send('GET', '/recipient/acme', { cookie })).text()).toContain(reason)
  })

  test('who is erased between two readings is nobody, whatever key was held', async () => {
    const { ada } = await recipients()
    expect(await recipientPerson(here.context, acme, ada)).toMatchObject({ email: 'person-1@example.org' })
    issuance.keys.erase(ada)
    expect(await recipientPerson(here.context, acme, ada)).toBeUndefined()
  })

  test('an export tells of it all, and holds nothing that opens anything, nor anything of somebody else', async () => {
    const { ada, grace } = await recipients()
    const cookie = await letIn(ada, 'in')
    const link = await linkFor(ada, 'waiting')
    const hers = await letIn(grace, 'hers')
    for (const who of [cookie, hers]) await send('POST', '/recipient/acme/erasure', { cookie: who })
    const files = new Map<string, string>()
    await inContext({ organizationId: acme }, async () => {
      for await (const { name, content } of here.parts.exports!.person(acme, ada)) files.set(name, Buffer.from(content).toString())
    })
    const lines = (name: string) => files.get(`${name}-0001.ndjson`)!.trim().split('\n').map((line) => JSON.parse(line) as object)
    expect(lines('erasure-requests')).toEqual([expect.objectContaining({ recipientId: ada, state: 'open', reason: null })])
    expect(lines('recipient-mails').map((line) => Object.keys(line))).toEqual([['id', 'recipientId', 'kind', 'createdAt', 'expiresAt']])
    expect(lines('recipient-sessions').map((line) => Object.keys(line))).toEqual([['id', 'recipientId', 'createdAt', 'expiresAt']])
    const all = [...files.values()].join('\n')
    for (const token of [link.split('/').at(-1)!, cookie.split('=')[1]!]) {
      expect(all).not.toContain(token)
      expect(all).not.toContain(tokenDigest(token))
    }
    expect(all).not.toContain(grace)
  })

  test('many credentials come in pages, newest first, and none that was cancelled', async () => {
    const { ada } = await recipients()
    for (let n = 0; n < 25; n++) await here.ask('POST', '/v1/credentials', { ...person(1, `Course ${String(n).padStart(2, '0')}`), occurrence: `c${n}` })
    const { credentials } = issuance.tables
    const [first] = await issuance.database.read.select().from(credentials).orderBy(credentials.id).limit(1)
    await issuance.database.transaction(async (tx) => void (await tx.update(credentials).set({ state: 'cancelled' }).where(eq(credentials.id, first!.id))))
    const cookie = await letIn(ada, 'in')
    const titles = (html: string) => [...html.matchAll(/<strong><bdi dir="auto">([^<]+)/g)].map(([, title]) => title)
    const one = await (await send('GET', '/recipient/acme?lang=en', { cookie })).text()
    const next = /after=([0-9a-f-]{36})/.exec(one)![1]
    const two = await (await send('GET', `/recipient/acme?lang=en&after=${next}`, { cookie })).text()
    expect([...titles(one), ...titles(two)]).toEqual([...Array.from({ length: 25 }, (_unused, n) => `Course ${String(24 - n).padStart(2, '0')}`), 'Rust'])
    expect(titles(one)).toHaveLength(20)
  })
})

test('a month is the same day of the next, or its last', () => {
  for (const [from, to] of [['2026-03-15', '2026-04-15'], ['2026-01-31', '2026-02-28'], ['2028-01-31', '2028-02-29'], ['2026-12-31', '2027-01-31']] as const)
    expect(monthAfter(new Date(`${from}T12:00:00Z`)).toISOString()).toBe(`${to}T12:00:00.000Z`)
})
