import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createClient } from '../call/client.ts'
import { mountContract } from '../call/server.ts'
import { createServiceTokens } from '../call/service-token.ts'
import { directTransport } from '../call/transport.ts'
import { contract, operation } from '../contract.ts'
import { createPublicApp } from '../http/app.ts'
import { mountMetrics } from '../http/metrics-route.ts'
import { Problem } from '../problem.ts'
import { addMeasures } from './metrics.ts'

const removes: (() => void)[] = []
afterEach(() => {
  for (const remove of removes.splice(0)) remove()
})

async function scrape(): Promise<string> {
  const app = new Hono()
  mountMetrics(app, 0)
  const answer = await app.request('/metrics')
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  return answer.text()
}

const valueOf = (text: string, series: string) => Number(text.split('\n').find((line) => line.startsWith(`${series} `))?.split(' ').at(-1))

describe('/metrics', () => {
  it('names a request by its route and never by its address', async () => {
    const app = createPublicApp()
    app.get('/people/:name', (c) => c.text('ok'))
    await app.request('/people/zebulon')
    await app.request('/nowhere/zebulon')
    const text = await scrape()
    expect(valueOf(text, 'vellum_request_seconds_count{method="GET",route="/people/:name",status="2xx"}')).toBe(1)
    expect(text).toContain('status="4xx"')
    expect(text).not.toContain('zebulon')
  })

  it('times a call on both sides, and tells a refusal from a fault', async () => {
    const shelf = contract('shelf', {
      fetch: operation({ effect: 'read', timeoutMs: 1_000, input: z.object({ id: z.string() }), output: z.object({}) }),
    })
    const tokens = createServiceTokens(new Uint8Array(32))
    const internal = new Hono()
    mountContract(internal, shelf, {
      async fetch({ id }) {
        if (id === 'none') throw new Problem('not-found', 'There is none.')
        if (id === 'broken') throw new Error('broken')
        return {}
      },
    }, { tokens })
    const client = createClient(shelf, directTransport(internal), { module: 'desk', tokens })
    await client.fetch({ id: 'one' })
    for (const id of ['none', 'broken']) await expect(client.fetch({ id })).rejects.toThrow()
    const text = await scrape()
    for (const side of ['client', 'server'])
      for (const outcome of ['ok', 'refused', 'failed'])
        expect(valueOf(text, `vellum_call_seconds_count{side="${side}",module="shelf",operation="fetch",outcome="${outcome}"}`)).toBe(1)
  })

  it('reads the measures of a module when it is asked, and leaves out what cannot be read', async () => {
    let asked = 0
    removes.push(addMeasures(async () => [{ name: 'vellum_shelf_books', help: 'Books.', kind: 'gauge', labels: { shelf: 'a' }, value: ++asked }]))
    removes.push(addMeasures(async () => {
      throw new Error('The database is away.')
    }))
    const text = await scrape()
    expect(valueOf(text, 'vellum_shelf_books{shelf="a"}')).toBe(1)
    expect(valueOf(text, 'vellum_unread_measures')).toBe(1)
    expect(text).toContain('process_resident_memory_bytes ')
  })

  it('reads them once, however many ask at the same time', async () => {
    let asked = 0
    removes.push(addMeasures(async () => [{ name: 'vellum_shelf_asked', help: 'Asked.', kind: 'counter', labels: {}, value: ++asked }]))
    await scrape()
    const app = new Hono()
    mountMetrics(app, 60_000)
    await Promise.all(Array.from({ length: 20 }, () => app.request('/metrics')))
    expect(asked).toBe(1)
  })
})
