import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serviceSecretOf } from '../../api/service-secret.ts'
import { type TwoOrganizations, twoOrganizations } from '../../api/two-organizations.ts'
import { platformOperations } from '#platform/platform-operations.ts'
import { operationPath } from '#platform/call/headers.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { identity } from '#modules/identity/index.ts'
import { issuance } from '#modules/issuance/index.ts'
import { notification } from '#modules/notification/index.ts'
import { verification } from '#modules/verification/index.ts'

const contracts = [identity, issuance, notification, verification]

let world: TwoOrganizations
beforeAll(async () => {
  world = await twoOrganizations()
}, 60_000)
afterAll(() => world?.installation.remove())

/** Everything that a module answers for others, as method and path. */
const internalRoutes = (): [string, string, string][] =>
  contracts.flatMap(({ module, operations }): [string, string, string][] => [
    ...Object.keys({ ...operations, ...platformOperations }).map((name): [string, string, string] => ['POST', operationPath(module, name), module]),
    ['GET', `/internal/${module}/contract`, module],
    ['GET', `/internal/${module}/documents/e30.e30`, module],
  ])

describe('every internal route', () => {
  it('needs a service token that was minted for its module and is not old', async () => {
    const { installation } = world
    const secret = serviceSecretOf(readFileSync(join(installation.dataDir, 'master.key'), 'utf8'))
    const tokens = createServiceTokens(secret)
    // Further than clocks may differ.
    const old = createServiceTokens(secret, () => new Date(Date.now() - 20 * 60_000))
    const early = createServiceTokens(secret, () => new Date(Date.now() + 20 * 60_000))
    const strange = createServiceTokens(new Uint8Array(32))
    const access = await world.accessToken()
    const ask = async (method: string, path: string, token?: string) => {
      const response = await fetch(installation.internalUrl + path, {
        method,
        headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        ...(method === 'POST' && { body: '{}' }),
      })
      const text = await response.text()
      return [response.status, (JSON.parse(text) as { type?: string }).type ?? 'answered'] as const
    }
    const routes = internalRoutes()
    expect(routes.length).toBeGreaterThan(50)
    for (const [method, path, module] of routes) {
      const other = module === 'identity' ? 'issuance' : 'identity'
      expect([path, ...await ask(method, path)]).toEqual([path, 401, 'urn:vellum:problem:unauthenticated'])
      const refused = [
        access,
        await tokens.mint('issuance', other),
        await old.mint('issuance', module),
        await early.mint('issuance', module),
        await strange.mint('issuance', module),
        'nonsense',
        `${'x'.repeat(5_000)}`,
      ]
      for (const [at, token] of refused.entries()) {
        expect([path, at, ...await ask(method, path, token)]).toEqual([path, at, 401, 'urn:vellum:problem:token-refused'])
      }
    }
    // The same requests with the right token arrive, so that it is the token which the others lack.
    for (const [method, path, module] of routes.filter(([method]) => method === 'GET')) {
      const [status] = await ask(method, path, await tokens.mint('issuance', module))
      expect([path, status]).toEqual([path, path.endsWith('/contract') ? 200 : 404])
    }
    expect((await ask('POST', '/internal/identity/verificationKeys', await tokens.mint('issuance', 'identity')))[0]).toBe(200)
  }, 60_000)

  it('is on the internal listener alone', async () => {
    for (const [method, path] of internalRoutes()) {
      const response = await world.installation.fetch(path, { method, ...(method === 'POST' && { body: '{}', headers: { 'content-type': 'application/json' } }) })
      expect([path, response.status]).toEqual([path, 404])
    }
  })
})

describe('the internal listener', () => {
  it('shows nothing else without a token but probes and what is public anyway', async () => {
    const { internalUrl } = world.installation
    for (const [path, status] of [['/livez', 200], ['/readyz', 200], ['/internal', 404], ['/internal/', 404], ['/internal/identity', 404], ['/v1/credentials', 401], ['/v1/organization', 401]] as const) {
      const response = await fetch(internalUrl + path)
      expect([path, response.status]).toEqual([path, status])
      expect(await response.text()).not.toMatch(/Owner|canary/)
    }
  })
})
