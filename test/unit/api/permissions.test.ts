import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allScopes, roles, scopes } from '#modules/identity/contract.ts'
import { scopesOf } from '#modules/identity/membership/roles.ts'
import { type ApiOperation, operationsOf } from '../../api/document.ts'
import { claimsOf, tokenSigner } from '../../api/forged-tokens.ts'
import { memberOf } from '../../api/members.ts'
import { permissionTables } from '../../api/permission-tables.ts'
import { idsOf, nameOf, withId } from '../../api/requests.ts'
import { type TwoOrganizations, twoOrganizations } from '../../api/two-organizations.ts'

const { roles: rolesInTable, holders, needs } = permissionTables()

describe('docs/permissions.md', () => {
  it('says of every scope who has it, as the code does', () => {
    expect(rolesInTable).toEqual(roles)
    expect([...holders.keys()]).toEqual(allScopes)
    for (const role of roles) expect([role, scopesOf(role)]).toEqual([role, allScopes.filter((scope) => holders.get(scope)!.includes(role))])
    expect(Object.keys(scopes)).toEqual(allScopes)
  })
})

const placements = { 'in one process': {}, 'on the wire': { INTERNAL_CALLS: 'loopback', DELIVER_TWICE: 'true' } }

describe.each(Object.entries(placements))('every route %s', (_, environment) => {
  let world: TwoOrganizations
  let operations: ApiOperation[]
  /** By what a request carries: one token for each role, and those that are good for nothing. */
  let byRole: Map<string, string>
  let bad: Record<string, string>
  let foreign: string

  beforeAll(async () => {
    const masterKey = randomBytes(32)
    world = await twoOrganizations({ environment: { MASTER_KEY: masterKey.toString('base64'), LOG_LEVEL: 'silent', ...environment } })
    const { installation } = world
    operations = operationsOf(await (await installation.fetch('/openapi.json')).json() as object)
    byRole = new Map()
    for (const role of rolesInTable) byRole.set(role, await (await memberOf(installation, 'owner', role, `the-${role}`)).token())
    foreign = await (await memberOf(installation, 'stranger', 'owner', 'stranger')).token()
    const sign = tokenSigner(installation.dataDir, masterKey)
    const claims = claimsOf(byRole.get('owner')!)
    bad = {
      'an expired token': await sign({ ...claims, iat: claims.iat - 3_600, exp: claims.iat - 60 }),
      'a token of another audience': await sign({ ...claims, aud: 'https://elsewhere.example' }),
      'a token of another issuer': await sign({ ...claims, iss: 'https://elsewhere.example' }),
    }
    // The signer is right: only what was changed is refused.
    const good = await installation.fetch('/v1/organization', { headers: { authorization: `Bearer ${await sign(claims)}` } })
    expect(good.status).toBe(200)
  }, 240_000)
  afterAll(() => world?.installation.remove())

  /** Nothing that could have an effect: ids that nobody has, and a body that lacks everything. */
  async function ask({ method, path, body }: ApiOperation, token?: string, id?: string): Promise<{ status: number; text: string }> {
    const { installation, belongings } = world
    const address = path.startsWith('/v1/sessions/') ? withId(path, 'x') : /^\/v1\/.*\{/.test(path) ? withId(path, id ?? idsOf(path, belongings).unknown) : path.replace(/\{\w+\}/, 'x')
    const response = await installation.fetch(address, {
      method,
      headers: {
        origin: installation.publicUrl,
        ...(body.length > 0 && { 'content-type': body[0]! }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: body.length > 0 ? (/json/.test(body[0]!) ? '{}' : ' ') : null,
    })
    return { status: response.status, text: await response.text() }
  }
  const denied = (status: number) => (status === 401 || status === 403 ? status : 'let in')

  it('has a row in the table, and every row a route', () => {
    expect(operations.map(nameOf).toSorted()).toEqual([...needs.keys()].toSorted())
  })

  it('answers each bearer as the table says', async () => {
    const faults: string[] = []
    const expectStatus = (who: string, operation: ApiOperation, status: number, expected: number | 'let in') => {
      if (denied(status) !== expected) faults.push(`${nameOf(operation)} with ${who}: ${status}, not ${expected}`)
    }
    for (const operation of operations) {
      const need = needs.get(nameOf(operation)) ?? 'no row'
      const isScope = holders.has(need)
      const isRefused = isScope || need === 'session' || need === 'recipient'
      const bare = await ask(operation)
      // Who is no client is told so by OAuth's own words.
      if (need === 'client') {
        if (![400, 401].includes(bare.status)) faults.push(`${nameOf(operation)} without a client: ${bare.status}`)
        continue
      }
      expectStatus('no token', operation, bare.status, isRefused ? 401 : 'let in')
      if (operation.path.startsWith('/v1/'))
        for (const [who, token] of Object.entries(bad)) expectStatus(who, operation, (await ask(operation, token)).status, 401)
      for (const [role, token] of byRole) {
        const may = isScope ? holders.get(need)!.includes(role) : !isRefused
        const expected = may ? 'let in' : isScope ? 403 : 401
        expectStatus(`a token of the role ${role}`, operation, (await ask(operation, token)).status, expected)
      }
    }
    expect(faults).toEqual([])
  }, 120_000)

  it('tells the owner of another organization nothing', async () => {
    const faults: string[] = []
    for (const operation of operations.filter((one) => holders.has(needs.get(nameOf(one)) ?? ''))) {
      const { belongings } = world
      if (!operation.path.includes('{')) {
        const { status, text } = await ask(operation, foreign)
        const found = operation.method === 'GET' && Object.values(belongings).find((id) => text.includes(id))
        if (denied(status) !== 'let in' || found) faults.push(`${nameOf(operation)}: ${status} ${found}`)
        continue
      }
      const { foreign: ids, unknown } = idsOf(operation.path, belongings)
      const expected = await ask(operation, foreign, unknown)
      for (const id of ids) {
        const answer = await ask(operation, foreign, id)
        const same = answer.status === expected.status && answer.text.replaceAll(id, '') === expected.text.replaceAll(unknown, '')
        if (!same || answer.status < 400) faults.push(`${nameOf(operation)}: ${answer.status}, to an unknown id ${expected.status}`)
      }
    }
    expect(faults).toEqual([])
  }, 60_000)
})
