import { describe, expect, it } from 'vitest'
import { checkTopology, readTopology } from './topology.ts'
import { planSplit, type SplitOrder } from './topology-plan.ts'

const modules = {
  vault: { uses: [], hears: [] },
  press: { uses: ['vault'], hears: [] },
  shop: { uses: ['press', 'vault'], hears: ['press'] },
}
const platform = ['MODULES', 'PORT', 'INTERNAL_PORT', 'INTERNAL_HOST', 'DATA_DIR', 'PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'TLS_CERT_FILE']

const plan = (module: string, environment: SplitOrder['environment'] = {}) =>
  planSplit({
    module, modules, environment, authority: 'vault',
    settingsOf: (name) => [`${name.toUpperCase()}_PAPER`],
    addresses: { alone: 'http://alone:4001', rest: 'http://rest:4002' },
  }, platform)

describe('the plan of a split', () => {
  it('gives each process its modules, and the addresses of what it needs of the other', () => {
    const { alone, rest } = plan('shop')
    expect(alone.environment).toMatchObject({
      MODULES: 'shop', INTERNAL_PORT: '4001', INTERNAL_HOST: '0.0.0.0', PRESS_URL: 'http://rest:4002', VAULT_URL: 'http://rest:4002',
      REDIS_URL: 'redis://redis:6379', DATA_DIR: './data-shop', BLOBS_DIR: './data/blobs', PUBLIC_URL: 'http://localhost:3000',
    })
    expect(rest.environment).toMatchObject({ MODULES: 'vault,press,gateway', INTERNAL_PORT: '4002', SHOP_URL: 'http://alone:4001' })
  })

  it('passes the checks of a start, whichever module it splits off', () => {
    for (const module of Object.keys(modules)) {
      const { alone, rest } = plan(module)
      for (const { environment } of [alone, rest]) {
        const topology = readTopology(environment.MODULES!, Object.keys(modules), environment)
        const needs = Object.fromEntries(topology.hosted.map((name) => [name, modules[name as keyof typeof modules]]))
        expect(() => checkTopology(topology, needs, { redis: environment.REDIS_URL !== undefined })).not.toThrow()
      }
    }
  })

  it('names secrets and never shows them, and gives the key to whoever keeps keys', () => {
    const environment = {
      DATABASE_URL: 'postgres://user:hush@db/vellum', REDIS_URL: 'redis://:hush@redis', MASTER_KEY: 'hush', SERVICE_SECRET: 'hush',
      PUBLIC_URL: 'https://shop.example', SHOP_PAPER: 'a4', PRESS_PAPER: 'a3', PORT: '443', TLS_CERT_FILE: '/cert',
    }
    const found = plan('shop', environment)
    expect(JSON.stringify(found)).not.toContain('hush')
    expect(found.alone.same).toEqual(['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'SHOP_PAPER', 'SERVICE_SECRET'])
    expect(found.rest.same).toEqual(
      ['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'PRESS_PAPER', 'MASTER_KEY', 'SERVICE_SECRET', 'PORT', 'TLS_CERT_FILE'])
    expect(plan('vault', environment).alone.same).toContain('MASTER_KEY')
    expect(plan('vault', environment).rest.same).not.toContain('MASTER_KEY')
    expect(found.needs.join('\n')).not.toMatch(/Postgres|Redis|SERVICE_SECRET/)
  })

  it('says what must be there first', () => {
    expect(plan('shop').needs.map((need) => need.split(/[ ,:]/)[0])).toEqual(['Postgres', 'Redis', 'SERVICE_SECRET', 'The', 'A'])
  })

  it('goes on from a split that is there', () => {
    const { alone, rest } = plan('press', { MODULES: 'press,shop', VAULT_URL: 'http://vault:3001' })
    expect(alone.environment).toMatchObject({ MODULES: 'press', VAULT_URL: 'http://vault:3001' })
    expect(rest.environment).toMatchObject({ MODULES: 'shop', VAULT_URL: 'http://vault:3001', PRESS_URL: 'http://alone:4001' })
  })

  it('is refused where there is nothing to split', () => {
    expect(() => plan('shop', { MODULES: 'shop', PRESS_URL: 'http://p:1', VAULT_URL: 'http://v:1' })).toThrow('alone already')
    expect(() => plan('shop', { MODULES: 'vault,press' })).toThrow('does not run in this process')
  })
})
