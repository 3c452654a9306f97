import { eq } from 'drizzle-orm'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { currentContext } from '#platform/context.ts'
import { defineSchema } from '#platform/database/schema.ts'
import { runStep, type StepBinding } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { memoryDoorbell } from './doorbell-memory.ts'
import { retryPolicy } from './retry-rules.ts'
import { createRunner, type Runner } from './runner.ts'
import type { SingleWork } from './single-work.ts'
import { defineStep, ONE_OF_MANY, Refused, type StepRunner, Unavailable } from './step.ts'

const schema = defineSchema('press', (kit) => ({
  effects: kit.table('effects', { id: kit.id().primaryKey(), count: kit.integer().notNull() }),
}))
type Tables = ReturnType<typeof schema.sqlite>['tables']

const acme = 'acme' as OrganizationId
const print = defineStep({ kind: 'print', input: z.object({ page: z.number() }), leaseMs: 5_000, concurrency: 4 })

describe.each(testDialects)('on %s', (_, open) => {
  let opened: TestDatabase<Tables>
  let runner: Runner | undefined
  beforeEach(async () => {
    opened = await open(schema, testKeys().ring)
  })
  afterEach(async () => {
    await runner?.stop()
    runner = undefined
    await opened.close()
  })

  async function run(bindings: StepBinding<Tables>[], baseMs = 60, singleWork?: SingleWork) {
    const doorbell = memoryDoorbell()
    opened.database.onCommit(({ stepKinds }) => stepKinds.forEach(doorbell.ring))
    runner = createRunner({
      database: opened.database, bindings, policy: retryPolicy(baseMs), doorbell, log: pino({ level: 'silent' }),
      sweepMs: 100, drainMs: 300, ...(singleWork && { singleWork }),
    })
    await runner.start()
  }
  const add = (key: string, definition = print, options = {}) =>
    opened.database.transaction((tx) => tx.addStep(definition, acme, key, { page: 1 }, options))
  const rows = () => opened.database.raw.select().from(opened.database.raw.platform.steps)
  const row = async (key: string) =>
    (await opened.database.raw.select().from(opened.database.raw.platform.steps)
      .where(eq(opened.database.raw.platform.steps.key, key)))[0]!
  const until = (state: string, key = 'a') =>
    expect.poll(async () => (await row(key)).state, { timeout: 5_000, interval: 10 }).toBe(state)
  const binding = (runner: StepRunner<{ page: number }, Tables>, definition = print) =>
    runStep<Tables, typeof print.input>(definition, runner)

  /** Writes a row when a step is given up. */
  const recording = (runner: StepRunner<{ page: number }, Tables>): StepBinding<Tables> =>
    runStep<Tables, typeof print.input>(print, runner, async (step) =>
      async (tx) => void (await tx.insert(tx.tables.effects).values({ id: `given up: ${step.key}`, count: step.input.page })))

  test('a single step does not wait behind many of another organization that run', async () => {
    for (let page = 0; page < 8; page++) await add(`many ${page}`, print, { priority: 10 })
    const running: string[] = []
    const release = Promise.withResolvers<void>()
    await run([binding(async ({ key }) => {
      running.push(key)
      if (key !== 'single') await release.promise
    })])
    await expect.poll(() => running.length, { timeout: 5_000, interval: 10 }).toBe(3)
    await add('single')
    await until('done', 'single')
    expect(running.filter((key) => key !== 'single')).toHaveLength(3)
    release.resolve()
    for (let page = 0; page < 8; page++) await until('done', `many ${page}`)
  })

  test('while single ones are around, few of many are under way at once, and all places are theirs afterwards', async () => {
    const wide = defineStep({ ...print, concurrency: 24 })
    for (let page = 0; page < 30; page++) await add(`many ${page}`, wide, { priority: ONE_OF_MANY })
    let around = true
    const running = new Map<string, () => void>()
    await run([binding(({ key }) => new Promise<undefined>((resolve) => running.set(key, () => resolve(undefined))), wide)], 60,
      { begin: () => {}, end: () => {}, isAround: () => around, hasRightOfWay: () => false })
    await expect.poll(() => running.size, { timeout: 5_000, interval: 10 }).toBe(2)
    running.get('many 0')!()
    await expect.poll(() => running.size, { timeout: 5_000, interval: 10 }).toBe(3)
    await until('done', 'many 0')
    around = false
    running.get('many 1')!()
    await expect.poll(() => running.size, { timeout: 5_000, interval: 10 }).toBe(20)
    for (const end of running.values()) end()
    await runner!.stop()
  })

  test('while one has the right of way none of many begins, and they go on when it has it no more', async () => {
    for (let page = 0; page < 3; page++) await add(`many ${page}`, print, { priority: ONE_OF_MANY })
    let free = false
    const begun: string[] = []
    await run([binding(async ({ key }) => void begun.push(key))], 60, { begin: () => {}, end: () => {}, isAround: () => true, hasRightOfWay: () => !free })
    await add('single')
    await until('done', 'single')
    expect(begun).toEqual(['single'])
    free = true
    for (let page = 0; page < 3; page++) await until('done', `many ${page}`)
  })

  test('a single step is seen when it begins and when it ends; one of many is not, nor one of a kind that never runs many', async () => {
    const few = defineStep({ ...print, kind: 'bind', concurrency: 2 })
    const seen: string[] = []
    await run([binding(async () => {}), binding(async () => {}, few)], 60, { begin: () => void seen.push('begun'), end: () => void seen.push('ended'), isAround: () => false, hasRightOfWay: () => false })
    await add('many', print, { priority: ONE_OF_MANY })
    await add('few', few)
    await Promise.all([until('done', 'many'), until('done', 'few')])
    expect(seen).toEqual([])
    await add('single')
    await expect.poll(() => seen, { timeout: 5_000, interval: 10 }).toEqual(['begun', 'ended'])
  })

  describe('a step that is given up', () => {
    test('records that in the transaction that makes it dead, and not at the failures before', async () => {
      await add('a')
      const seen: number[] = []
      await run([recording(async () => {
        seen.push(await opened.database.read.$count(opened.database.tables.effects))
        throw new Error('about this item')
      })], 10)
      await until('dead')
      expect(seen).toEqual([0, 0, 0])
      expect(await opened.database.read.select().from(opened.database.tables.effects)).toEqual([{ id: 'given up: a', count: 1 }])
    })

    test('is not given up while the record of it cannot be prepared', async () => {
      await add('a')
      let away = true
      await run([runStep<Tables, typeof print.input>(print, async () => {
        throw new Refused('never')
      }, async () => {
        if (away) throw new Unavailable('no keys')
      })], 10)
      await expect.poll(async () => (await row('a')).lastError).toContain('no keys')
      const { state, attempts } = await row('a')
      expect([state === 'dead', attempts]).toEqual([false, 0])
      away = false
      await until('dead')
    })
  })

  describe('a step', () => {
    test('runs with its input, in its organization, and commits what it returns together with its completion', async () => {
      const seen: unknown[] = []
      await run([binding(async (step) => {
        seen.push(step.input, currentContext().organizationId, currentContext().actor, step.attempts, step.starts)
        return async (tx) => void (await tx.insert(tx.tables.effects).values({ id: step.key, count: 1 }))
      })])
      await add('a')
      await until('done')
      expect(seen).toEqual([{ page: 1 }, 'acme', 'module:press', 0, 1])
      expect(await opened.database.read.select().from(opened.database.tables.effects)).toEqual([{ id: 'a', count: 1 }])
    })

    test('exists once per kind and key, for ever', async () => {
      let runs = 0
      await run([binding(async () => void runs++)])
      await add('a')
      await until('done')
      await add('a')
      await new Promise((resolve) => setTimeout(resolve, 150))
      expect(runs).toBe(1)
      expect(await rows()).toHaveLength(1)
    })

    test('waits until it is due', async () => {
      let ranAt = 0
      await run([binding(async () => void (ranAt = Date.now()))])
      const dueAt = new Date(Date.now() + 250)
      await add('a', print, { dueAt })
      await until('done')
      expect(ranAt).toBeGreaterThanOrEqual(dueAt.getTime())
    })

    test('has three attempts, then is dead with an error that can be read', async () => {
      const at: number[] = []
      await run([binding(async () => {
        at.push(performance.now())
        throw new Error('mailbox jane@example.org is odd')
      })])
      await add('a')
      await until('dead')
      expect(at).toHaveLength(3)
      expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(55)
      expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(295)
      expect((await row('a')).lastError).toMatch(/^Error at .*runner\.test/)
    })

    test('is dead at once when refused', async () => {
      let runs = 0
      await run([binding(async () => {
        runs++
        throw new Refused('The address does not exist (550).')
      })])
      await add('a')
      await until('dead')
      expect([runs, (await row('a')).lastError]).toEqual([1, 'Refused: The address does not exist (550).'])
    })

    test('that fails in its commit leaves nothing of it', async () => {
      await run([binding(async (step) => async (tx) => {
        await tx.insert(tx.tables.effects).values({ id: step.key, count: 1 })
        throw new Error('after a partial write')
      })], 1)
      await add('a')
      await until('dead')
      expect(await opened.database.read.select().from(opened.database.tables.effects)).toEqual([])
    })

    test('that outlives its lease without renewal writes nothing; its successor does', async () => {
      const short = defineStep({ ...print, kind: 'short', leaseMs: 300 })
      let runs = 0
      let firstEnded = false
      await run([binding(async (step) => {
        const turn = ++runs
        if (turn === 1) {
          // Another process took it over: the lease ran out unnoticed.
          await opened.database.platformTransaction(async (_, raw) => {
            const { steps } = raw.platform
            await raw.update(steps).set({ state: 'ready', leaseToken: null }).where(eq(steps.id, step.id))
          })
          await new Promise((resolve) => setTimeout(resolve, 150))
          firstEnded = true
        }
        return async (tx) => void (await tx.insert(tx.tables.effects).values({ id: `${turn}`, count: turn }))
      }, short)])
      await add('a', short)
      await expect.poll(() => firstEnded).toBe(true)
      await until('done')
      expect(await opened.database.read.select().from(opened.database.tables.effects)).toEqual([{ id: '2', count: 2 }])
    })

    test('keeps its lease by renewal however long it works', async () => {
      const short = defineStep({ ...print, kind: 'short', leaseMs: 150 })
      let runs = 0
      await run([binding(async (step) => {
        runs++
        await new Promise((resolve) => setTimeout(resolve, 600))
        expect(step.signal.aborted).toBe(false)
      }, short)])
      await add('a', short)
      await until('done')
      expect(runs).toBe(1)
    })

    test('that ends every process is dead after twenty starts, without being started once more, and says so', async () => {
      await add('a')
      await opened.database.platformTransaction((_, raw) =>
        raw.update(raw.platform.steps).set({ state: 'leased', starts: 20, leaseToken: 'gone', leaseUntil: new Date(0) }))
      let runs = 0
      await run([recording(async () => void runs++)])
      await until('dead')
      expect(runs).toBe(0)
      expect(await opened.database.read.$count(opened.database.tables.effects)).toBe(1)
    })

    test('of a dead process is claimed again, and its start stays counted', async () => {
      await add('a')
      await opened.database.platformTransaction((_, raw) =>
        raw.update(raw.platform.steps).set({
          state: 'leased', starts: 3, leaseToken: 'gone', leaseUntil: new Date(opened.file ? Date.now() + 3_600_000 : 0),
        }))
      let starts = 0
      await run([binding(async (step) => void (starts = step.starts))])
      await until('done')
      expect(starts).toBe(4)
    })
  })

  describe('a kind whose other side is away', () => {
    test('pauses, counts nothing, lets one step try first, and goes on when it is back', async () => {
      let away = true
      let tries = 0
      let atOnce = 0
      let mostAtOnce = 0
      await run([binding(async () => {
        tries++
        mostAtOnce = Math.max(mostAtOnce, ++atOnce)
        await new Promise((resolve) => setTimeout(resolve, 5))
        atOnce--
        if (away) throw new Unavailable('The mail server does not answer.')
      })], 600)
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await add(key)
      await expect.poll(() => tries, { interval: 5 }).toBeGreaterThanOrEqual(4)
      await new Promise((resolve) => setTimeout(resolve, 20))
      mostAtOnce = 0
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(mostAtOnce).toBeLessThanOrEqual(1)
      expect(tries).toBeLessThan(14)
      expect((await rows()).map((step) => [step.attempts, step.starts, step.state]))
        .toEqual(Array.from({ length: 6 }, () => [0, expect.any(Number), expect.stringMatching(/ready|leased/)]))
      away = false
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await until('done', key)
      const [kind] = await opened.database.raw.select().from(opened.database.raw.platform.stepKinds)
      expect(kind).toMatchObject({ pausedUntil: null, backoffMs: 0 })
    })

    test('does not hold up other kinds', async () => {
      const other = defineStep({ ...print, kind: 'other' })
      await run([binding(async () => {
        throw new Unavailable('away', { retryAfterMs: 60_000 })
      }), binding(async () => {}, other)])
      await add('a')
      await add('b', other)
      await until('done', 'b')
      await expect.poll(() => row('a')).toMatchObject({ state: 'ready', attempts: 0, unavailableSince: expect.any(Date) })
    })
  })

  test('a stop drains what runs, and gives back what does not end in time without counting it', async () => {
    const aborted: unknown[] = []
    const quick = Promise.withResolvers<void>()
    await run([binding(async (step) => {
      if (step.key === 'quick') return quick.promise
      await new Promise((resolve) => step.signal.addEventListener('abort', resolve))
      aborted.push(step.key)
      step.signal.throwIfAborted()
    })])
    await add('quick')
    await add('slow')
    await until('leased', 'slow')
    await until('leased', 'quick')
    const stopped = runner!.stop()
    quick.resolve()
    await stopped
    runner = undefined
    expect(aborted).toEqual(['slow'])
    expect((await row('quick')).state).toBe('done')
    expect(await row('slow')).toMatchObject({ state: 'ready', attempts: 0, starts: 0, leaseToken: null })
  })
})
