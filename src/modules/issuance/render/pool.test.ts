import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { sampleInput } from '../../../../test/render/sample.ts'
import { RenderInputError } from './input.ts'
import { createRenderPool, type RenderPool, type RenderPoolOptions, RenderUnavailableError } from './pool.ts'
import { renderCertificate } from './render.ts'

const pools: RenderPool[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

/** A pool whose workers the test can reach. */
function poolWithWorkers(options: Partial<RenderPoolOptions> = {}) {
  const workers: Worker[] = []
  const pool = createRenderPool({
    size: 1,
    startWorker: () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url))
      workers.push(worker)
      return worker
    },
    ...options,
  })
  pools.push(pool)
  return { pool, workers }
}

describe('a pool of render workers', { timeout: 60_000 }, () => {
  test('renders what a direct call renders', async () => {
    const { pool } = poolWithWorkers({ size: 2 })
    const inputs = Array.from({ length: 20 }, (_, i) => sampleInput({ name: `Person ${i}` }))
    const results = await pool.renderMany(inputs)
    for (const [index, result] of results.entries()) {
      if (result.status === 'rejected') throw result.reason
      expect(Buffer.from(result.value).equals(Buffer.from(await renderCertificate(inputs[index]!)))).toBe(true)
    }
  })

  test('draws a single certificate before those of many that wait', async () => {
    const { pool } = poolWithWorkers({ size: 1 })
    await pool.render(sampleInput())
    const order: string[] = []
    const { credentialJson: _, ...input } = sampleInput()
    // What cannot be signed has its turn all the same.
    const sign = { badge: {}, key: { verificationMethod: 'none', pkcs8: new Uint8Array(0) } } as never
    const draw = async (name: string, urgent: boolean) => {
      await pool.signAndRender(sign, input, { urgent }).catch(() => {})
      order.push(name)
    }
    await Promise.all([...Array.from({ length: 8 }, (_, at) => draw(`many ${at}`, false)), draw('single', true), draw('second', true)])
    // Two are at the worker already.
    expect(order.slice(2, 4)).toEqual(['single', 'second'])
    expect(order.slice(4)).toEqual([2, 3, 4, 5, 6, 7].map((at) => `many ${at}`))
  })

  test('refuses bad input and nothing else', async () => {
    const { pool } = poolWithWorkers()
    const inputs = [sampleInput(), sampleInput({ design: 'none' }), sampleInput({ name: 'Grace Hopper' })]
    const results = await pool.renderMany(inputs)
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(RenderInputError)
  })

  test('rejects the jobs of a worker that dies, as worth another try, and goes on', async () => {
    const warnings: string[] = []
    const { pool, workers } = poolWithWorkers({ log: { warn: (_, message) => void warnings.push(message) } })
    await pool.render(sampleInput())
    const inputs = Array.from({ length: 6 }, (_, i) => sampleInput({ name: `Person ${i}` }))
    const settled = Promise.allSettled(inputs.map((input) => pool.render(input)))
    await workers[0]!.terminate()
    const results = await settled
    const lost = results.filter((result) => result.status === 'rejected')
    expect(lost.length).toBeGreaterThanOrEqual(1)
    expect(lost.length).toBeLessThanOrEqual(2)
    for (const { reason } of lost) expect(reason).toMatchObject({ name: 'RenderUnavailableError', retryable: true })
    expect(workers).toHaveLength(2)
    expect(warnings).toHaveLength(1)
    expect((await pool.render(sampleInput())).byteLength).toBeGreaterThan(1_000)
  })

  test('pauses longer and longer when workers die at once', async () => {
    const pauses: number[] = []
    const pool = createRenderPool({
      size: 1,
      startWorker: () => new Worker('process.exit(3)', { eval: true }),
      log: { warn: (details) => void pauses.push((details as { pauseMs: number }).pauseMs) },
    })
    pools.push(pool)
    await expect.poll(() => pauses.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
    expect(pauses.slice(0, 3)).toEqual([100, 200, 400])
  })

  test('ends a worker that does not answer', async () => {
    const silent = `require('node:worker_threads').parentPort.on('message', () => {}).postMessage('ready')`
    const pool = createRenderPool({ size: 1, jobTimeoutMs: 50, startWorker: () => new Worker(silent, { eval: true }) })
    pools.push(pool)
    await expect(pool.render(sampleInput())).rejects.toBeInstanceOf(RenderUnavailableError)
  })

  test('refuses more than may wait', async () => {
    const { pool } = poolWithWorkers({ maxWaiting: 3 })
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => pool.render(sampleInput())))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect((results[4] as PromiseRejectedResult).reason).toBeInstanceOf(RenderUnavailableError)
  })

  test('rejects everything unfinished when it is closed', async () => {
    const { pool } = poolWithWorkers()
    const waiting = Promise.allSettled([pool.render(sampleInput()), pool.render(sampleInput())])
    await pool.close()
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(pool.render(sampleInput())).rejects.toBeInstanceOf(RenderUnavailableError)
  })
})
