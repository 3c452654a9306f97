import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acme, file, type Issuance, type IssuanceProcess, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { decideOrder } from './orders.ts'
import { steerBatch } from './steer-step.ts'

describe('an order', () => {
  const at = new Date(0)
  test.each([
    ['pause', 'importing', null, 'change'],
    ['pause', 'issuing', at, 'nothing'],
    ['pause', 'finished', null, 'refused'],
    ['pause', 'failed', null, 'refused'],
    ['resume', 'issuing', at, 'change'],
    ['resume', 'importing', null, 'nothing'],
    ['resume', 'cancelling', at, 'refused'],
    ['resume', 'cancelled', null, 'refused'],
    ['cancel', 'failed', null, 'change'],
    ['cancel', 'importing', at, 'change'],
    ['cancel', 'cancelling', at, 'nothing'],
    ['cancel', 'cancelled', null, 'nothing'],
    ['cancel', 'finished', null, 'refused'],
  ] as const)('to %s a batch that is %s (paused: %s) comes to: %s', (order, state, pausedAt, expected) => {
    const decided = decideOrder(order, { state, pausedAt })
    expect(typeof decided === 'string' ? decided : 'refused').toBe(expected)
  })
})

describe.each(testDialects)('a batch under orders on %s', { timeout: 60_000 }, (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open, { baseMs: 1 })
    here = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const batch = async (id: string) => (await here.ask('GET', `/v1/batches/${id}`)).json
  const send = async (text: string) => (await here.ask('POST', '/v1/batches', text)).json.id as string
  const order = (id: string, what: string) => here.ask('POST', `/v1/batches/${id}/${what}`)
  const steps = (kind: string) => {
    const { raw } = issuance.database
    return raw.select().from(raw.platform.steps).where(and(eq(raw.platform.steps.kind, kind), eq(raw.platform.steps.state, 'ready')))
  }
  const run = async (kind: string, input: object, signal = new AbortController().signal) => {
    const { runner } = here.parts.steps!.find(({ definition }) => definition.kind === kind)!
    const effect = await runner({
      id: 'x', kind, key: 'x', organizationId: acme, input, attempts: 0, starts: 1, signal, renewLease: async () => {},
    } as never)
    if (effect) await issuance.database.transaction(effect)
  }
  const imported = async (people: number) => {
    const id = await send(file(0, people))
    await run('import-batch', { batchId: id, order: 0 })
    return id
  }
  const dueNow = async () => (await steps('issue-credential')).filter(({ dueAt }) => dueAt.getTime() < Date.now() + 60_000).length

  test('paused, it holds every step in a few commits, however often that is done, and resumed, it lets them go', async () => {
    const id = await imported(500)
    expect(await dueNow()).toBe(500)
    expect((await order(id, 'pause')).json.state).toBe('paused')
    await run(steerBatch.kind, { batchId: id, order: 1 })
    await run(steerBatch.kind, { batchId: id, order: 1 })
    expect(await dueNow()).toBe(0)
    expect((await order(id, 'pause')).json.state).toBe('paused')
    expect((await order(id, 'resume')).json.state).toBe('issuing')
    // The order before it, done once more after a kill, holds nothing any more.
    await run(steerBatch.kind, { batchId: id, order: 2 })
    await run(steerBatch.kind, { batchId: id, order: 1 })
    expect(await dueNow()).toBe(500)
    expect((await here.ask('GET', '/v1/batches?state=paused')).json.batches).toEqual([])
    // Nor does it turn the numbers back: the next order has one that no step has carried out.
    await order(id, 'pause')
    expect((await steps(steerBatch.kind)).map(({ input }) => (input as { order: number }).order).sort()).toEqual([1, 2, 3])
  })

  test('paused while its file is read, it reads no further, and resumed, it reads on to the end', async () => {
    const id = await send(file(0, 120))
    await order(id, 'pause')
    await run('import-batch', { batchId: id, order: 0 })
    expect(await batch(id)).toMatchObject({ state: 'paused', rows: 0, created: 0 })
    await order(id, 'resume')
    await run('import-batch', { batchId: id, order: 0 })
    expect((await batch(id)).rows).toBe(0)
    await here.runner.start()
    await expect.poll(() => batch(id), { timeout: 50_000 }).toMatchObject({ state: 'finished', created: 120, progress: { issued: 120 } })
  })

  test('cancelled in the middle, killed on the way and done again, it issues none of what it took back; the same file issues all', async () => {
    const id = await imported(450)
    const [one, other] = (await steps('issue-credential')).map(({ input }) => input as { credentialId: string })
    await run('issue-credential', one!)
    expect((await order(id, 'cancel')).json.state).toBe('cancelling')
    expect((await order(id, 'resume')).status).toBe(409)
    const killed = new AbortController()
    const dies = run(steerBatch.kind, { batchId: id, order: 1 }, killed.signal)
    killed.abort(new Error('killed'))
    await dies.catch(() => {})
    await run(steerBatch.kind, { batchId: id, order: 1 })
    await run(steerBatch.kind, { batchId: id, order: 1 })
    expect(await batch(id)).toMatchObject({ state: 'cancelled', created: 450, progress: { issued: 1, cancelled: 449 } })
    // The step of the issued one, which ran here without being recorded.
    expect(await dueNow()).toBe(1)
    // Whoever had begun one of them finds it taken back.
    await run('issue-credential', other!)
    expect((await batch(id)).progress).toEqual({ issued: 1, cancelled: 449 })
    const again = await imported(450)
    expect(await batch(again)).toMatchObject({ created: 449, existing: 1 })
  })
})
