import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiOperation, operationsOf } from '../../api/document.ts'
import { differences, foundIn, ofNamedThings } from '../../api/foreign-ids.ts'
import { bodies, idsOf, nameOf as name, requestOf as request, withId } from '../../api/requests.ts'
import { ownPage } from '../../render/own-page.ts'
import { issueRequest, template, type TwoOrganizations, twoOrganizations } from '../../api/two-organizations.ts'

let world: TwoOrganizations
let operations: ApiOperation[]

beforeAll(async () => {
  world = await twoOrganizations()
  operations = operationsOf(await (await world.installation.fetch('/openapi.json')).json() as object)
}, 60_000)
afterAll(() => world?.installation.remove())

const secured = () => operations.filter(({ scope }) => scope !== undefined)

describe('every route of the document', () => {
  it('refuses a request without a token, and one whose token lacks the scope', async () => {
    const { installation, owner } = world
    const scopes = (await installation.fetch('/.well-known/oauth-authorization-server').then((r) => r.json()) as { scopes_supported: string[] }).scopes_supported
    const made = await owner.fetch('/v1/clients', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'all', scopes }),
    })
    const { client_id: id, client_secret: secret } = await made.json() as { client_id: string, client_secret: string }
    for (const operation of secured()) {
      const path = withId(operation.path, operation.path.includes('{') ? idsOf(operation.path, world.belongings).foreign[0]! : '')
      const without = await installation.fetch(path, request(operation))
      expect([name(operation), without.status, without.headers.get('www-authenticate')]).toEqual([name(operation), 401, 'Bearer realm="vellum"'])
      expect(await without.json()).toMatchObject({ type: 'urn:vellum:problem:unauthenticated' })
      const others = scopes.filter((scope) => scope !== operation.scope).join(' ')
      const token = await installation.fetch('/oauth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret, scope: others }).toString(),
      })
      const { access_token: poor } = await token.json() as { access_token: string }
      const { headers, ...rest } = request(operation)
      const refused = await installation.fetch(path, { ...rest, headers: { ...headers, authorization: `Bearer ${poor}` } })
      expect([name(operation), refused.status]).toEqual([name(operation), 403])
      expect(refused.headers.get('www-authenticate')).toBe(`Bearer realm="vellum", error="insufficient_scope", scope="${operation.scope}"`)
      expect(await refused.json()).toMatchObject({ type: 'urn:vellum:problem:forbidden' })
    }
  })

  it('answers to another organization’s ids exactly as to ids that nobody has', async () => {
    expect(await differences(world, operations)).toEqual([])
    expect(ofNamedThings(operations).length).toBeGreaterThan(10)
  })

  it('lists nothing of another organization, whatever it is asked to filter by', async () => {
    expect(await foundIn(world, operations)).toEqual([])
  })

  it('takes no template of another organization', async () => {
    const { stranger, belongings } = world
    const issue = async (name: string) => {
      const body = JSON.stringify(issueRequest({ template: name }))
      const one = await stranger.fetch('/v1/credentials', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      const file = { method: 'POST', body: bodies['POST /v1/batches'] as string, headers: { 'content-type': 'text/csv' } }
      const many = await stranger.fetch(`/v1/batches?template=${name}`, file)
      return [one.status, await one.json(), many.status, await many.json()]
    }
    const expected = await issue(randomUUID())
    expect([expected[0], expected[2]]).toEqual([404, 404])
    expect(await issue(belongings.templateId)).toEqual(expected)
    expect(await issue(belongings.templateSlug)).toEqual(expected)
  })

  it('takes no picture of another organization for a page', async () => {
    const { stranger, belongings } = world
    const put = async (id: string) => {
      const body = JSON.stringify({ ...template, design: ownPage(`image:${id}`) })
      const response = await stranger.fetch('/v1/templates/borrowed', { method: 'PUT', body, headers: { 'content-type': 'application/json' } })
      return [response.status, await response.json()]
    }
    const expected = await put('f'.repeat(64))
    expect(expected[0]).toBe(422)
    expect(await put(belongings.imageId)).toEqual(expected)
  })

  it('left the owner’s things as they were', async () => {
    const { owner, belongings } = world
    expect(await owner.get(`/v1/credentials/${belongings.credentialId}`)).toMatchObject({
      state: 'issued', recipient: { name: 'Zephyrine Quillfeather' },
    })
    expect(await owner.get(`/v1/clients/${belongings.clientId}`)).not.toHaveProperty('disabledAt')
    expect(await owner.get('/v1/templates/secret-template')).toMatchObject({ version: 1 })
  })

  it('keeps the idempotency keys of two organizations apart', async () => {
    const send = async (account: TwoOrganizations['owner'], email: string) => {
      const body = JSON.stringify(issueRequest({ recipient: { name: 'X', email } }))
      const response = await account.fetch('/v1/credentials', {
        method: 'POST', body, headers: { 'content-type': 'application/json', 'idempotency-key': 'the-same' },
      })
      return { status: response.status, replayed: response.headers.get('idempotency-replayed'), body: await response.json() as { id: string } }
    }
    const first = await send(world.owner, 'x@canary.example')
    const second = await send(world.stranger, 'y@canary.example')
    expect([first.status, second.status, second.replayed]).toEqual([202, 202, null])
    expect(second.body.id).not.toBe(first.body.id)
    expect(await send(world.owner, 'x@canary.example')).toEqual({ ...first, replayed: 'true' })
    expect((await send(world.owner, 'y@canary.example')).status).toBe(422)
  })
})
