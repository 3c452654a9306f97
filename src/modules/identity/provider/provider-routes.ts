import { createRoute, z } from '@hono/zod-openapi'
import { json } from '#platform/http/json-response.ts'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Role, roles } from '../contract.ts'
import { type Provider, type Providers, redirectUriOf } from './providers.ts'

const path = '/v1/organization/sign-in'
const tags = ['Organization']
const access = scoped('sign-in:manage')

const Domain = z
  .string()
  .max(253)
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'Use a domain such as example.org, in small letters.')

const Address = {
  issuer: z.url({ protocol: /^https?$/ }).max(500).openapi({ description: 'As the provider calls itself; its discovery document is below it.', example: 'https://login.example.org' }),
  clientId: z.string().regex(/^[\x21-\x7e]{1,255}$/, 'Use 1 to 255 visible ASCII characters.'),
}

/** What an owner or admin sets; `joinRole` and `required` are off unless told. */
export const ProviderSettings = z
  .strictObject({
    ...Address,
    clientSecret: z.string().regex(/^[\x20-\x7e]{1,500}$/, 'Use 1 to 500 ASCII characters.').optional().openapi({ description: 'Never shown again. Absent: as it was, for the same issuer and client.' }),
    domains: z.array(Domain).max(50).default([]).openapi({ description: 'Of addresses that may sign in. None: any verified address of members and of who is invited.' }),
    joinRole: Role.nullable().default(null).openapi({ description: 'What somebody of these domains becomes without an invitation; null: nothing. Never owner.' }),
    required: z.boolean().default(false).openapi({ description: 'Members other than owners get tokens by no other way of signing in.' }),
  })
  .openapi('SignInProviderSettings')

const SignInProvider = z
  .object({
    issuer: z.string(),
    clientId: z.string(),
    domains: z.array(z.string()),
    joinRole: Role.nullable(),
    required: z.boolean(),
    permits: z.array(Role).openapi({ description: 'The roles that it may sign in: those that whoever set it could give.' }),
    createdAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
  })
  .openapi('SignInProvider')

const Answer = z.object({
  redirectUri: z.string().openapi({ description: 'What the provider must be told, exactly.' }),
  provider: SignInProvider.nullable(),
})

const Checked = z.object({ issuer: z.string(), authorizationEndpoint: z.string(), tokenEndpoint: z.string(), jwksUri: z.string() })

/** How members of the token's organization sign in by its own OpenID provider. */
export function providerRoutes(app: PublicApp, providers: Providers, publicUrl: string): void {
  const present = (organizationId: string, provider: Provider | undefined) => ({
    redirectUri: redirectUriOf(publicUrl, organizationId),
    provider: provider ? presentProvider(provider) : null,
  })

  app.openapi(
    createRoute({
      method: 'get', path, tags, ...access,
      summary: 'How people of your organization sign in by its own provider',
      responses: { 200: json(Answer, 'The settings, without the secret') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      return c.json(present(organizationId, await providers.find(organizationId)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post', path: `${path}/check`, tags, ...access,
      summary: 'Look at an OpenID provider without keeping anything',
      description: 'Its discovery document and its keys are fetched. `validation-failed` tells what does not fit, or that it does not answer.',
      request: { body: { required: true, content: { 'application/json': { schema: z.strictObject(Address) } } } },
      responses: { 200: json(Checked, 'What the provider says of itself') },
    }),
    async (c) => c.json(await providers.check(c.req.valid('json')), 200),
  )

  app.openapi(
    createRoute({
      method: 'put', path, tags, ...access,
      summary: 'Let people sign in by an OpenID provider of your organization',
      description:
        'The provider is looked at first, and nothing is kept if it does not fit. It signs in no role, and makes nobody a member of one, that your own token ' +
        'could not give. Another issuer or client ends the sessions that the one before began, and who is who is found out anew.',
      request: { body: { required: true, content: { 'application/json': { schema: ProviderSettings } } } },
      responses: { 200: json(Answer, 'The settings, without the secret') },
    }),
    async (c) => {
      const { organizationId, scopes } = accessOfRequest(c)
      return c.json(present(organizationId, await providers.set(organizationId, c.req.valid('json'), scopes)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete', path, tags, ...access,
      summary: 'Take the provider away',
      description: 'Sessions that it began end at once; access tokens that they got are void within half a minute. There was none: the same.',
      responses: { 200: json(Answer, 'There is none') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      await providers.remove(organizationId)
      return c.json(present(organizationId, undefined), 200)
    },
  )
}

const presentProvider = ({ issuer, clientId, domains, joinRole, required, permits, createdAt, changedAt }: Provider) => ({
  issuer, clientId, domains: [...domains], joinRole, required,
  permits: roles.filter((role) => permits.includes(role)),
  createdAt: createdAt.toISOString(), changedAt: changedAt.toISOString(),
})
