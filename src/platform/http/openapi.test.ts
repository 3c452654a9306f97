import { createRoute, z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { createPublicApp, mountPublicRoutes } from './app.ts'
import { mountDocs } from './docs-page.ts'
import { mergeOpenApi, moduleDocument } from './openapi.ts'
import { scoped } from './scoped.ts'

const options = { publicUrl: 'https://vellum.test', version: '1.2.3', scopes: { 'things:write': 'Write things' } }
const app = createPublicApp()

const Thing = (shape: z.ZodRawShape) => z.strictObject(shape).openapi('Thing')
const moduleWith = (path: string, schema: z.ZodType) =>
  mountPublicRoutes(createPublicApp(), (module) => {
    const content = { 'application/json': { schema } }
    const responses = { 201: { description: 'made', content } }
    const request = { body: { required: true, content } }
    const route = createRoute({ method: 'post', path, ...scoped('things:write'), request, responses })
    module.openapi(route, (c) => c.body(null, 201) as never)
  })

const things = moduleDocument(moduleWith('/v1/things', Thing({ id: z.string() })), 'things')

describe('the merged OpenAPI document', () => {
  const remote =
    JSON.parse(JSON.stringify(moduleDocument(moduleWith('/v1/others', Thing({ id: z.string() })), 'others')))
  const document = mergeOpenApi({ things, others: remote }, options) as any

  it('holds the paths of local and fetched documents, tagged by module', () => {
    expect(Object.keys(document.paths)).toEqual(['/v1/things', '/v1/others'])
    expect(document.paths['/v1/others'].post.tags).toEqual(['others'])
    expect(document.openapi).toBe('3.1.0')
    expect(document.servers).toEqual([{ url: 'https://vellum.test' }])
  })

  it('tells how to get a token, and that every error is a problem', () => {
    expect(document.components.securitySchemes.oauth2.flows.clientCredentials).toEqual({
      tokenUrl: 'https://vellum.test/oauth/token',
      scopes: options.scopes,
    })
    expect(document.paths['/v1/things'].post.responses).toMatchObject({
      201: { description: 'made' },
      default: { $ref: '#/components/responses/Problem' },
    })
    expect(document.paths['/v1/things'].post.security).toEqual([{ oauth2: ['things:write'] }, { apiKey: ['things:write'] }])
    expect(document.components.schemas.Problem.description).toContain('urn:vellum:problem:not-found` | 404 |')
    expect(document.components.schemas.Problem.properties.type.enum).toContain('urn:vellum:problem:not-found')
  })

  it('tells that bodies take no other fields', () => {
    expect(document.components.schemas.Thing.additionalProperties).toBe(false)
  })

  it('is refused when two modules answer one address, or mean different things by one name', () => {
    expect(() => mergeOpenApi({ things, again: things }, options)).toThrow('Two modules answer POST /v1/things')
    const different = moduleDocument(moduleWith('/v1/x', Thing({ other: z.string() })), 'x')
    expect(() => mergeOpenApi({ things, different }, options)).toThrow('schemas/Thing differently')
  })
})

describe('the page of the API', () => {
  const script = async () => new TextEncoder().encode('Scalar')
  mountDocs(app, { document: () => mergeOpenApi({ things }, options), script })

  it('loads everything from here, and runs no inline script', async () => {
    const page = await app.request('/docs')
    const html = await page.text()
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toMatch(/https?:/)
    expect(html).not.toMatch(/<script(?! src="\/)/)
    expect(html).not.toMatch(/https?:\/\//)
  })

  it('is revalidated, not sent again', async () => {
    const script = await app.request('/docs/reference.js')
    expect(await script.text()).toBe('Scalar')
    const again = await app.request('/docs/reference.js', { headers: { 'if-none-match': script.headers.get('etag')! } })
    expect(again.status).toBe(304)
  })

  it('reads the document that everybody may read', async () => {
    const document = await app.request('/openapi.json')
    expect(document.headers.get('access-control-allow-origin')).toBe('*')
    expect(await document.json()).toMatchObject({ info: { version: '1.2.3' } })
  })
})
