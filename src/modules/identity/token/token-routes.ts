import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import type { ApiClient, ApiClients } from '../client/clients.ts'
import { allScopes } from '../contract.ts'
import type { MintsAccessTokens } from './access-tokens.ts'
import { OAuthError, oauthErrorResponse } from './oauth-error.ts'
import { clientAssertion, clientCredentials, grantedScopes, parseForm } from './oauth-request.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface TokenParts {
  readonly publicUrl: string
  readonly apiClients: ApiClients
  readonly accessTokens: MintsAccessTokens
  readonly signingKeys: SigningKeys
}

/**
 * OAuth 2.0 for programs: client credentials (RFC 6749), revocation (RFC 7009), introspection (RFC 7662), metadata
 * (RFC 8414) and keys (RFC 7517). Errors are OAuth's, because OAuth libraries read these answers.
 */
export function tokenRoutes(app: PublicApp, { publicUrl, apiClients, accessTokens, signingKeys }: TokenParts): void {
  const tokenEndpoint = `${publicUrl}/oauth/token`

  async function authenticated(c: Context): Promise<{ client: ApiClient; form: ReadonlyMap<string, string> }> {
    const form = parseForm(c.req.header('content-type'), await c.req.text())
    const client = await identified(c.req.header('authorization'), form)
    if (!client) throw new OAuthError('invalid_client', 'The client is unknown, disabled or expired, or its secret or assertion is wrong.')
    return { client, form }
  }

  async function identified(authorization: string | undefined, form: ReadonlyMap<string, string>) {
    const assertion = clientAssertion(authorization, form)
    if (assertion !== undefined) {
      const client = await apiClients.authenticateByAssertion(assertion, [publicUrl, tokenEndpoint])
      return client?.id === (form.get('client_id') ?? client?.id) ? client : undefined
    }
    const { clientId, clientSecret } = clientCredentials(authorization, form)
    return apiClients.authenticate(clientId, clientSecret)
  }

  const endpoint = (path: string, { summary, parameters, answer }: Documentation, run: (c: Context) => Promise<Response>) => {
    app.openAPIRegistry.registerPath(documented(path, summary, parameters, answer))
    app.post(path, async (c) => {
      try {
        return await run(c)
      } catch (error) {
        if (error instanceof OAuthError) return oauthErrorResponse(error)
        throw error
      }
    })
  }

  endpoint(
    '/oauth/token',
    {
      summary: 'Get an access token with client credentials',
      parameters: { grant_type: z.literal('client_credentials'), scope: z.string().optional() },
      answer: { access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.number(), scope: z.string() },
    },
    async (c) => {
      const { client, form } = await authenticated(c)
      const grant = form.get('grant_type')
      if (grant === undefined) throw new OAuthError('invalid_request', 'Send grant_type=client_credentials.')
      if (grant !== 'client_credentials') {
        throw new OAuthError('unsupported_grant_type', 'Only grant_type=client_credentials is supported.')
      }
      const scopes = grantedScopes(form.get('scope'), client.scopes)
      const { organizationId, id: clientId } = client
      const { accessToken, expiresInSeconds } = await accessTokens.mint({ organizationId, clientId, scopes })
      return unstored({
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: expiresInSeconds,
        scope: scopes.join(' '),
      })
    },
  )

  endpoint(
    '/oauth/revoke',
    { summary: 'Revoke an access token', parameters: { token: z.string() }, answer: {} },
    async (c) => {
      const { client, form } = await authenticated(c)
      const token = form.get('token')
      if (token === undefined) throw new OAuthError('invalid_request', 'Send the token to revoke as token.')
      const live = await accessTokens.inspect(token)
      // RFC 7009, section 2.2: a token that means nothing is as good as revoked; one of another client is not touched.
      if (live?.clientId === client.id) await accessTokens.revoke(live)
      return unstored({})
    },
  )

  endpoint(
    '/oauth/introspect',
    {
      summary: 'Ask whether an access token of the same organization is alive',
      parameters: { token: z.string() },
      answer: { active: z.boolean(), scope: z.string().optional(), client_id: z.string().optional(), sub: z.string().optional(), exp: z.number().optional() },
    },
    async (c) => {
      const { client, form } = await authenticated(c)
      const token = form.get('token')
      if (token === undefined) throw new OAuthError('invalid_request', 'Send the token to ask about as token.')
      const live = await accessTokens.inspect(token)
      if (!live || live.organizationId !== client.organizationId) return unstored({ active: false })
      const { scope, clientId, subject, tokenId, issuedAt, expiresAt } = live
      return unstored({
        active: true,
        scope,
        client_id: clientId,
        sub: subject,
        token_type: 'Bearer',
        iss: publicUrl,
        aud: publicUrl,
        iat: issuedAt,
        exp: expiresAt,
        jti: tokenId,
      })
    },
  )

  app.openAPIRegistry.registerPath(publicJson('/oauth/jwks.json', 'The keys that check access tokens (RFC 7517)', {
    keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })),
  }))
  app.get('/oauth/jwks.json', async (c) => {
    c.header('cache-control', 'public, max-age=300')
    return c.json({ keys: await signingKeys.published() })
  })

  app.openAPIRegistry.registerPath(
    publicJson('/.well-known/oauth-authorization-server', 'Where OAuth clients find what (RFC 8414)', {
      issuer: z.url(),
      token_endpoint: z.url(),
      jwks_uri: z.url(),
    }),
  )
  app.get('/.well-known/oauth-authorization-server', (c) => {
    const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
    const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256']
    c.header('cache-control', 'public, max-age=300')
    return c.json({
      issuer: publicUrl,
      token_endpoint: tokenEndpoint,
      token_endpoint_auth_methods_supported: methods,
      token_endpoint_auth_signing_alg_values_supported: algorithms,
      revocation_endpoint: `${publicUrl}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_signing_alg_values_supported: algorithms,
      introspection_endpoint: `${publicUrl}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_signing_alg_values_supported: algorithms,
      jwks_uri: `${publicUrl}/oauth/jwks.json`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      scopes_supported: allScopes,
      service_documentation: `${publicUrl}/docs`,
    })
  })
}

const unstored = (body: unknown): Response =>
  Response.json(body, { headers: { 'cache-control': 'no-store', pragma: 'no-cache' } })

interface Documentation {
  readonly summary: string
  readonly parameters: z.ZodRawShape
  readonly answer: z.ZodRawShape
}

const documented = (path: string, summary: string, parameters: z.ZodRawShape, answer: z.ZodRawShape) => ({
  method: 'post' as const,
  path,
  tags: ['Access'],
  summary,
  // Or in the body: client_id with client_secret, or an assertion.
  security: [{ client: [] }, {}] as Record<string, string[]>[],
  request: {
    body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: z.object({ ...parameters, ...inBody }) } } },
  },
  responses: {
    200: { description: 'As OAuth tells', content: { 'application/json': { schema: z.object(answer) } } },
    400: { description: 'Refused (RFC 6749, section 5.2)', content: { 'application/json': { schema: Refusal } } },
    401: { description: 'The client is not known', content: { 'application/json': { schema: Refusal } } },
  },
})

const inBody = {
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  client_assertion: z.string().optional(),
  client_assertion_type: z.string().optional(),
}

const Refusal = z
  .object({ error: z.enum(['invalid_request', 'invalid_client', 'unsupported_grant_type', 'invalid_scope']), error_description: z.string() })
  .openapi('OAuthError')

const publicJson = (path: string, summary: string, answer: z.ZodRawShape) => ({
  ...forEveryone,
  method: 'get' as const,
  path,
  tags: ['Access'],
  summary,
  responses: { 200: { description: summary, content: { 'application/json': { schema: z.looseObject(answer) } } } },
})
