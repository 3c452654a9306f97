import type { OpenAPIHono } from '@hono/zod-openapi'
import { problems } from '../problem.ts'
import { problemMediaType } from './problem-response.ts'
import { recipientCookie, sessionCookie } from './session-cookie.ts'

type Json = Record<string, unknown>

/** The parts of an OpenAPI 3.1 document that are merged. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly info: Json
  readonly paths?: Record<string, Record<string, Json>>
  readonly components?: Record<string, Record<string, unknown>>
  readonly tags?: readonly Json[]
  readonly [other: string]: unknown
}

export interface OpenApiOptions {
  readonly publicUrl: string
  readonly version: string
  /** Scopes that a client may ask for, with a sentence each. */
  readonly scopes?: Readonly<Record<string, string>>
}

/** The document of one module's public routes, from the app that `mountPublicRoutes` answered. */
export const moduleDocument = (app: OpenAPIHono<any, any, any>, module: string): OpenApiDocument =>
  app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: module, version: '1' } }) as unknown as OpenApiDocument

/**
 * One document for the whole platform out of the modules' own, local or fetched. Two components of one name must be
 * equal: throws when they are not, and when two modules answer to the same path and method.
 */
export function mergeOpenApi(
  documents: Readonly<Record<string, OpenApiDocument>>,
  options: OpenApiOptions,
): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {}
  const components: Record<string, Record<string, unknown>> = {}
  for (const [module, document] of Object.entries(documents)) {
    for (const [path, item] of Object.entries(document.paths ?? {})) {
      const target = (paths[path] ??= {})
      for (const [method, operation] of Object.entries(item)) {
        const route = `${method.toUpperCase()} ${path}`
        if (method in target) throw new Error(`Two modules answer ${route}, one of them ${module}`)
        target[method] = withProblems(operation, module)
      }
    }
    for (const [kind, entries] of Object.entries(document.components ?? {})) {
      const target = (components[kind] ??= {})
      for (const [name, entry] of Object.entries(entries)) {
        if (name in target && JSON.stringify(target[name]) !== JSON.stringify(entry)) {
          throw new Error(`Two modules define ${kind}/${name} differently, one of them ${module}`)
        }
        target[name] = entry
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vellum',
      version: options.version,
      description: 'Verifiable certificates and badges. Every error is an RFC 9457 problem document.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.publicUrl }],
    tags: tagsOf(paths),
    paths,
    components: {
      ...components,
      schemas: { ...components.schemas, Problem: problemSchema },
      responses: { ...components.responses, Problem: problemAnswer },
      securitySchemes: {
        ...components.securitySchemes,
        oauth2: {
          type: 'oauth2',
          flows: { clientCredentials: { tokenUrl: `${options.publicUrl}/oauth/token`, scopes: options.scopes ?? {} } },
        },
        session: { type: 'apiKey', in: 'cookie', name: sessionCookie(options.publicUrl), description: 'What signing in sets, for people in browsers.' },
        recipient: { type: 'apiKey', in: 'cookie', name: recipientCookie(options.publicUrl), description: 'What a mailed link sets, for recipients in browsers: half an hour.' },
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'vellum_…', description: 'An API key of POST /v1/api-keys; roles are its scopes.' },
        client: { type: 'http', scheme: 'basic', description: 'Id and secret of an API client, for the OAuth endpoints.' },
      },
    },
  }
}

/** Only those under which something stands, in the order of the paths: a reference shows an empty chapter for any other. */
const tagsOf = (paths: Record<string, Record<string, Json>>): Json[] =>
  [...new Set(Object.values(paths).flatMap((item) => Object.values(item)).flatMap(({ tags }) => tags as string[]))].map((name) => ({ name }))

const problemSchema = {
  type: 'object',
  description: [
    'RFC 9457. A type never changes its meaning.',
    '',
    '| type | status | title |',
    '|---|---|---|',
    ...Object.entries(problems).map(([code, [status, title]]) => `| \`urn:vellum:problem:${code}\` | ${status} | ${title} |`),
  ].join('\n'),
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', enum: Object.keys(problems).map((code) => `urn:vellum:problem:${code}`) },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'One sentence that says what to do.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
}

const problemAnswer = {
  description: 'The request was refused, or failed.',
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** Whatever an operation tells itself stays; everything else that may happen is a problem. */
function withProblems(operation: Json, module: string): Json {
  const problem = { $ref: '#/components/responses/Problem' }
  // What refuses a request before its route is reached answers with a problem, whatever form the route's own errors have.
  const own = Object.entries((operation.responses ?? {}) as Record<string, Json>).map(([status, response]) => {
    if (!/^[45]/.test(status) || !response.content) return [status, response]
    return [status, { ...response, content: { ...response.content, [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } } }]
  })
  const responses = { default: problem, ...Object.fromEntries(own) }
  const tags = (operation.tags as string[] | undefined)?.length ? operation.tags : [module]
  return { ...operation, tags, responses }
}
