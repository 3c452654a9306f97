import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { mountProbes, type ReadinessCheck } from './probes.ts'

function probes(checks: Record<string, ReadinessCheck>, isStopping = () => false, conditions = {}) {
  const app = new Hono()
  mountProbes(app, { version: '1', modules: ['identity'], checks, conditions, isStopping })
  const get = async (path: string) => {
    const answer = await app.request(path)
    return { status: answer.status, body: path === '/livez' ? await answer.text() : ((await answer.json()) as object) }
  }
  return get
}

describe('the probes', () => {
  it('are live and ready when every check passes', async () => {
    const get = probes({ database: () => {} })
    expect(await get('/livez')).toEqual({ status: 200, body: 'ok' })
    expect(await get('/readyz')).toEqual({ status: 200, body: { status: 'ready', checks: { database: 'ok' } } })
    expect((await get('/health')).body).toMatchObject({
      status: 'ok', version: '1', modules: ['identity'], uptimeSeconds: expect.any(Number),
    })
  })

  it('stay live while something is missing, and tell what', async () => {
    let touched = 0
    const get = probes({
      database: () => {},
      'remote issuance': async () => {
        touched++
        throw new Error('cannot be reached')
      },
    })
    expect((await get('/livez')).status).toBe(200)
    expect(touched).toBe(0)
    const checks = { database: 'ok', 'remote issuance': 'cannot be reached' }
    expect(await get('/readyz')).toEqual({ status: 503, body: { status: 'not ready', checks } })
    expect(await get('/health')).toMatchObject({ status: 200, body: { status: 'degraded' } })
  })

  it('are ready without what can be done without for a while, and say so in the summary', async () => {
    const away = { redis: () => Promise.reject(new Error('cannot be reached')) }
    const get = probes({ database: () => {} }, undefined, away)
    expect(await get('/readyz')).toEqual({ status: 200, body: { status: 'ready', checks: { database: 'ok' } } })
    expect(await get('/health')).toMatchObject({
      status: 200, body: { status: 'degraded', checks: { database: 'ok', redis: 'cannot be reached' } },
    })
  })

  it('wait for no check longer than two seconds', async () => {
    const get = probes({ hanging: () => new Promise(() => {}) })
    expect((await get('/readyz')).body).toMatchObject({ checks: { hanging: 'does not answer within 2 s' } })
  })

  it('are not ready while the process stops', async () => {
    expect((await probes({}, () => true)('/readyz')).status).toBe(503)
  })
})
