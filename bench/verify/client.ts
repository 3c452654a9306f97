import { parentPort, workerData } from 'node:worker_threads'
import { Pool } from 'undici'

/** What the measuring thread asks of this one: so many posts over so many connections, each body in its turn. */
export interface Load {
  readonly url: string
  readonly connections: number
  readonly count: number
  readonly bodies: readonly string[]
}

/** What came of it; milliseconds for each request. */
export interface LoadResult {
  readonly seconds: number
  readonly latencies: readonly number[]
  /** Answers that were not a verified credential. */
  readonly failed: number
}

async function post({ url, connections, count, bodies }: Load): Promise<LoadResult> {
  const { origin, pathname: path } = new URL(url)
  const pool = new Pool(origin, { connections, pipelining: 1 })
  const latencies: number[] = []
  let next = 0
  let failed = 0
  const begun = performance.now()
  await Promise.all(Array.from({ length: connections }, async () => {
    while (next < count) {
      const body = bodies[next++ % bodies.length]!
      const sent = performance.now()
      const answer = await pool.request({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body })
      const text = await answer.body.text()
      latencies.push(performance.now() - sent)
      if (!text.includes('"verified":true,"errors":[],"status":"active"')) failed++
    }
  }))
  const seconds = (performance.now() - begun) / 1_000
  await pool.close()
  return { seconds, latencies, failed }
}

parentPort!.postMessage(await post(workerData as Load))
