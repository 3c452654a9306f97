import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Asked, requestsOf } from '../../api/arbitrary.ts'
import { createAnswerCheck } from '../../api/document.ts'
import { type TwoOrganizations, twoOrganizations } from '../../api/two-organizations.ts'

/** The same requests at every run, so that a failure is of the change; another number asks others. */
const seed = Number(process.env['VELLUM_FUZZ_SEED'] ?? 1)
const TOTAL = 10_000
const CHUNK = 500
const AT_ONCE = 8
/** Of one request; a machine that does other work beside it included. */
const LIMIT_MS = 30_000
/** How much more memory the process may hold at the end than after the first fifth. */
const GROWTH_MEGABYTES = 128

let world: TwoOrganizations
beforeAll(async () => {
  world = await twoOrganizations({ environment: { RATE_LIMIT_CLIENT: '0', RATE_LIMIT_ADDRESS: '0' } })
}, 60_000)
afterAll(() => world?.installation.remove())

const megabytesOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024

it(`${TOTAL} requests made from the document are answered as it says, none with a fault of ours, none late, and memory stays flat`, async () => {
  const { installation, owner, belongings } = world
  const document = (await (await installation.fetch('/openapi.json')).json()) as Record<string, any>
  const check = createAnswerCheck(document)
  const { publicId, id } = (await owner.get<{ credentials: { id: string; publicId?: string }[] }>('/v1/credentials')).credentials[0]!
  const known = fc.constantFrom(...Object.values(belongings), id, ...(publicId ? [publicId] : []), 'owner', 'nobody', '1', '018f3c5e-7c1a-7000-8000-000000000000')
  const requests = requestsOf(document, known)
  const faults: string[] = []
  const statuses = new Map<number, number>()

  const ask = async (asked: Asked): Promise<void> => {
    const { method, path, address, headers, body, withToken } = asked
    const told = `${method} ${address} ${JSON.stringify(headers)} ${Buffer.from(body ?? '').toString().slice(0, 500)}`
    const given = withToken ? { authorization: await owner.authorization() } : {}
    const end = new AbortController()
    const timer = setTimeout(() => end.abort(new Error('It took too long.')), LIMIT_MS)
    try {
      const response = await installation.fetch(address, { method, headers: { ...headers, ...given }, ...(body && { body }), signal: end.signal })
      const type = response.headers.get('content-type') ?? ''
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      if (type.startsWith('text/event-stream')) return await response.body?.cancel()
      const bytes = Buffer.from(await response.arrayBuffer())
      if (response.status >= 500) faults.push(`${told}\n  ${response.status} ${bytes.toString().slice(0, 500)}`)
      else faults.push(...check(method, path, { status: response.status, type, body: /json|\/vc/.test(type) ? JSON.parse(bytes.toString()) : bytes }).map((fault) => `${told}\n  ${fault}`))
    } catch (error) {
      faults.push(`${told}\n  ${String(error)} ${String((error as Error).cause ?? '')}`)
    } finally {
      clearTimeout(timer)
    }
  }

  const pid = await installation.pid
  let early = 0
  for (let done = 0; done < TOTAL; done += CHUNK) {
    const waiting = fc.sample(requests, { seed: seed + done, numRuns: CHUNK })
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let one = waiting.pop(); one; one = waiting.pop()) await ask(one)
    }))
    if (done === TOTAL / 5) early = megabytesOf(pid)
    expect(faults, `seed ${seed}, ${done} requests before`).toEqual([])
  }
  // A run in which everything was refused would show nothing.
  const good = [...statuses].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0)
  expect(good, JSON.stringify([...statuses])).toBeGreaterThan(TOTAL / 10)
  expect(await installation.pid).toBe(pid)
  expect(megabytesOf(pid) - early).toBeLessThan(GROWTH_MEGABYTES)
}, 600_000)
