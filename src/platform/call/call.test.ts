import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { currentContext, withContext } from '../context.ts'
import { contract, operation } from '../contract.ts'
import { type Listener, listen } from '../http/listener.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import { createAddresses } from './addresses.ts'
import { createClient } from './client.ts'
import { checkRemoteContract } from './compatibility.ts'
import { mountContract } from './server.ts'
import { createServiceTokens } from './service-token.ts'
import { directTransport, httpTransport, type Transport } from './transport.ts'

const library = contract('library', {
  book: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ id: z.string().min(1) }),
    output: z.object({ id: z.string(), title: z.string(), pages: z.number().default(1) }),
  }),
  slow: operation({
    effect: 'read',
    timeoutMs: 100,
    input: z.object({ ms: z.number() }),
    output: z.object({ aborted: z.boolean() }),
  }),
  context: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({}),
    output: z.record(z.string(), z.unknown()),
  }),
  lend: operation({
    effect: 'write',
    timeoutMs: 2_000,
    input: z.object({ id: z.string(), once: z.boolean() }),
    output: z.object({ lent: z.number() }),
  }),
  refuse: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ how: z.enum(['gone', 'crash', 'bad-output', 'busy']) }),
    output: z.object({}),
  }),
})

const local = { port: 0, host: '127.0.0.1' }
const foreign = new AsyncLocalStorage<string>()
const secret = new Uint8Array(32).fill(7)
const tokens = createServiceTokens(secret)
const lent = new Map<string, number>()
/** How long each handler that was aborted would have taken: by that a test knows its own. */
const aborted: number[] = []

const app = new Hono()
mountContract(
  app,
  library,
  {
    // More than the contract tells: a field that never may reach a caller.
    book: async ({ id, ...rest }) => ({ id, title: `Book ${id}`, shelf: 'secret', sent: Object.keys(rest) }),
    slow: async ({ ms }, { signal }) => {
      signal.addEventListener('abort', () => aborted.push(ms))
      await sleep(ms)
      return { aborted: signal.aborted }
    },
    context: async (_, { caller }) => {
      const { deadline, ...rest } = currentContext()
      return { ...rest, caller, foreign: foreign.getStore() ?? null, remaining: (deadline ?? 0) - Date.now() }
    },
    lend: async ({ id, once }) => {
      if (!once || !lent.has(id)) lent.set(id, (lent.get(id) ?? 0) + 1)
      return { lent: lent.get(id)! }
    },
    refuse: async ({ how }) => {
      if (how === 'gone') throw new Problem('gone', 'It was erased.', { extensions: { since: 'yesterday' } })
      if (how === 'busy') throw new Problem('rate-limited', 'Wait.', { retryAfterSeconds: 7 })
      if (how === 'crash') throw new Error('password is hunter2')
      return 5 as unknown as Record<string, never>
    },
  },
  { tokens },
)

let listener: Listener
const transports = new Map<string, (twice?: boolean) => Transport>([
  ['in process', (twice = false) => directTransport(app, { twice })],
  ['over HTTP', (twice = false) => httpTransport(listener.url, { twice })],
])

beforeAll(async () => {
  listener = await listen({ fetch: app.fetch, at: local })
})
afterAll(() => listener.close(0))

describe.each([...transports])('a contract called %s', (way, transport) => {
  const caller = { module: 'reading-room', tokens }
  const client = (twice = false) => createClient(library, transport(twice), caller)

  it('answers what the contract tells and no more', async () => {
    const book = await client().book({ id: '1', note: 'dropped' } as { id: string })
    expect(book).toEqual({ id: '1', title: 'Book 1', pages: 1 })
  })

  it('strips unknown fields on the wire too, in both directions', async () => {
    const seen: string[] = []
    const spying: Transport = async (request) => {
      seen.push(request.body ?? '')
      const answer = await transport()({ ...request, body: JSON.stringify({ id: '2', fromNewerVersion: true }) })
      seen.push(await answer.clone().text())
      return answer
    }
    await createClient(library, spying, caller).book({ id: '2', x: 1 } as { id: string })
    expect(seen).toEqual(['{"id":"2"}', '{"id":"2","title":"Book 2","pages":1}'])
  })

  it('refuses input that the contract does not allow, before it is sent', async () => {
    await expect(client().book({ id: '' })).rejects.toMatchObject({
      code: 'validation-failed',
      extensions: { errors: [{ path: 'id' }] },
    })
  })

  it('throws the problem of the far side with its extensions and its retry time', async () => {
    await expect(client().refuse({ how: 'gone' })).rejects.toMatchObject({
      code: 'gone',
      message: 'It was erased.',
      extensions: { since: 'yesterday' },
    })
    await expect(client().refuse({ how: 'busy' })).rejects.toMatchObject({ code: 'rate-limited', retryAfterSeconds: 7 })
  })

  it('tells nothing of a crash, and treats an answer outside the contract as one', async () => {
    for (const how of ['crash', 'bad-output'] as const) {
      const error = await client().refuse({ how }).catch((thrown: Problem) => thrown)
      expect(error).toMatchObject({ code: 'internal' })
      expect(String((error as Problem).message)).not.toContain('hunter2')
    }
  })

  it('waits no longer than the operation allows, and aborts the handler', async () => {
    const begun = performance.now()
    aborted.length = 0
    await expect(client().slow({ ms: 650 })).rejects.toMatchObject({ code: 'deadline-exceeded' })
    expect(performance.now() - begun).toBeLessThan(400)
    await sleep(100)
    expect(aborted.filter((ms) => ms === 650)).toHaveLength(1)
  })

  it("waits no longer than the context's deadline, and passes on what is left of it", async () => {
    const soon = { deadline: Date.now() + 50 }
    await expect(withContext(soon, () => client().slow({ ms: 600 }))).rejects.toMatchObject({
      code: 'deadline-exceeded',
    })
    const context = await withContext({ deadline: Date.now() + 500 }, () => client().context({}))
    expect(context.remaining).toBeLessThanOrEqual(501)
    expect(context.remaining).toBeGreaterThan(100)
    await expect(withContext({ deadline: Date.now() - 1 }, () => client().book({ id: '1' }))).rejects.toMatchObject({
      code: 'deadline-exceeded',
    })
  })

  it("stops waiting when the caller's own signal says so", async () => {
    const signal = AbortSignal.timeout(30)
    await expect(client().slow({ ms: 600 }, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('carries organization, actor, trace and caller, and nothing else of the context', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const organizationId = OrganizationId.parse('org-1')
    const transportMade = client()
    const context = await foreign.run('of the caller', () =>
      withContext({ organizationId, actor: 'client:42', traceparent }, () => transportMade.context({})),
    )
    expect(context).toMatchObject({ organizationId, actor: 'client:42', caller: 'reading-room', foreign: null })
    expect(context.traceparent).toContain('a'.repeat(32))
    expect(context).not.toHaveProperty('transaction')
  })

  it('acts as the calling module when nobody else does', async () => {
    expect(await client().context({})).toMatchObject({ actor: 'module:reading-room' })
  })

  it('refuses every call inside a transaction', async () => {
    const call = withContext({ transaction: true }, () => client().book({ id: '1' }))
    await expect(call).rejects.toThrow('inside a database transaction')
    await expect(call).rejects.not.toBeInstanceOf(Problem)
  })

  it('refuses a token of another installation, of another audience, and none', async () => {
    const others = createServiceTokens(new Uint8Array(32).fill(8))
    const stranger = createClient(library, transport(), { module: 'reading-room', tokens: others })
    await expect(stranger.book({ id: '1' })).rejects.toMatchObject({ code: 'token-refused' })
    const mint = () => tokens.mint('reading-room', 'bakery')
    const lost = createClient(library, transport(), { module: 'reading-room', tokens: { ...tokens, mint } })
    await expect(lost.book({ id: '1' })).rejects.toMatchObject({ code: 'token-refused' })
    const none = createClient(library, transport(), { module: 'x', tokens: { ...tokens, mint: async () => '' } })
    await expect(none.book({ id: '1' })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('delivers a write twice when told, and finds the one that is not safe to do twice', async () => {
    lent.clear()
    await expect(client(true).lend({ id: `${way} a`, once: true })).resolves.toEqual({ lent: 1 })
    await expect(client(true).lend({ id: `${way} b`, once: false })).rejects.toThrow('not safe to receive twice')
    await expect(client().lend({ id: `${way} c`, once: false })).resolves.toEqual({ lent: 1 })
  })

  it('sends one idempotency key for both deliveries, another for another call', async () => {
    const keys: string[] = []
    const spying: Transport = (request) => {
      keys.push(request.headers['idempotency-key'] ?? '')
      return transport(true)(request)
    }
    const spied = createClient(library, spying, caller)
    await spied.lend({ id: `${way} d`, once: true })
    await spied.lend({ id: `${way} d`, once: true })
    expect(new Set(keys).size).toBe(2)
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('tells its contract, so that a caller can see whether it fits', async () => {
    await expect(checkRemoteContract(library, transport(), caller)).resolves.toEqual([])
    const newer = contract('library', {
      ...library.operations,
      book: operation({
        effect: 'read',
        timeoutMs: 1,
        input: z.object({ id: z.string() }),
        output: z.object({ author: z.string() }),
      }),
    })
    await expect(checkRemoteContract(newer, transport(), caller)).resolves.toEqual([
      'book output: author is required and not always sent',
    ])
  })
})

describe('a module that cannot be reached', () => {
  it('is waited for no longer than the deadline, even by a transport that heeds no signal', async () => {
    const client = createClient(library, () => new Promise(() => {}), { module: 'reading-room', tokens })
    await expect(client.slow({ ms: 0 })).rejects.toMatchObject({ code: 'deadline-exceeded' })
  })

  it('is asked at its other replicas', async () => {
    const [dead, alive] = [await listen({ fetch: app.fetch, at: local }), await listen({ fetch: app.fetch, at: local })]
    await dead.close(0)
    const transport = httpTransport(createAddresses([dead.url, alive.url]))
    const client = createClient(library, transport, { module: 'reading-room', tokens })
    for (let time = 0; time < 4; time++) await client.book({ id: '1' })
    await alive.close(0)
  })

  it('is unavailable', async () => {
    const dead = await listen({ fetch: app.fetch, at: local })
    await dead.close(0)
    const client = createClient(library, httpTransport(dead.url), { module: 'reading-room', tokens })
    await expect(client.book({ id: '1' })).rejects.toMatchObject({ code: 'unavailable' })
  })
})
