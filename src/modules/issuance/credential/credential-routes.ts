import { createRoute, z } from '@hono/zod-openapi'
import { json } from '#platform/http/json-response.ts'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { idempotent } from '#platform/http/idempotency.ts'
import { scoped } from '#platform/http/scoped.ts'
import { freeText, oneLine, pageCursor } from '#platform/typed-text.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import type { StatusLists } from '../status-list/status-lists.ts'
import { defaultTemplate } from '../template/built-in-templates.ts'
import { findTemplate, refuseArchived } from '../template/templates.ts'
import type { Acceptance } from './accept.ts'
import { checkClaim } from './claim-rules.ts'
import { getCredential, listCredentials } from './credential-queries.ts'
import { findFinal } from './credential-row.ts'
import { changeLife, type LifeCommand } from './life.ts'
import { viewUrl } from './public-id.ts'

const State = z.enum(['accepted', 'issued', 'suspended', 'superseded', 'expired', 'revoked', 'cancelled'])

const Credential = z
  .object({
    id: z.string(),
    state: State,
    publicUrl: z.url(),
    documentUrl: z.url(),
    recipient: z.object({ id: z.string(), name: z.string(), email: z.string(), locale: z.string() }).nullable(),
    achievement: z.object({ id: z.string(), name: z.string() }),
    template: z.object({ id: z.string(), version: z.number().int() }),
    batchId: z.string().nullable(),
    completedOn: z.string().nullable(),
    createdAt: z.iso.datetime(),
    issuedAt: z.iso.datetime().nullable(),
  })
  .openapi('Credential')

const IssueRequest = z
  .strictObject({
    recipient: z.strictObject({
      name: z.string().openapi({ example: 'Ada Lovelace' }),
      email: z.string().openapi({ example: 'ada@example.org' }),
      locale: z.string().optional().openapi({ example: 'en' }),
    }),
    achievement: z.strictObject({
      name: z.string().openapi({ example: 'Distributed Systems' }),
      description: freeText(2_000).optional(),
      criteria: freeText(5_000).optional(),
    }),
    template: z.string().min(1).max(64).default(defaultTemplate).openapi({ description: 'Slug or id.' }),
    completedOn: z.string().optional().openapi({ example: '2026-06-30', description: 'A day, YYYY-MM-DD.' }),
    externalId: z.string().optional().openapi({ description: 'Your own id for it; with the template it makes the credential unique.' }),
    occurrence: z.string().optional().openapi({ description: 'Tells repetitions of the same thing apart: a term, a year.' }),
    notify: z.boolean().default(true).openapi({ description: 'Whether the recipient gets an e-mail.' }),
  })
  .openapi('IssueRequest')

const Accepted = z
  .object({
    id: z.string(),
    created: z.boolean().openapi({ description: 'False when this credential existed already.' }),
    links: z.object({ self: z.string(), public: z.url() }),
  })
  .openapi('AcceptedCredential')

const id = { params: z.object({ id: z.string().max(64) }) }
const tags = ['Credentials']
const idempotencyKey = z.object({ 'idempotency-key': z.string().optional() })

export function credentialRoutes(
  app: PublicApp,
  context: IssuanceContext,
  parts: { acceptance: Acceptance; profiles: OrganizationProfiles; statusLists: StatusLists },
): void {
  const { database, keys, publicUrl, blobs, now } = context
  const { acceptance, profiles, statusLists } = parts

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/credentials',
      tags,
      summary: 'Issue a credential to one person',
      description: 'Answers as soon as it is accepted; signing, printing and mailing follow. Send an Idempotency-Key to repeat safely.',
      ...scoped('credentials:write'),
      request: { headers: idempotencyKey, body: { content: { 'application/json': { schema: IssueRequest } }, required: true } },
      responses: { 202: json(Accepted, 'Accepted'), 200: json(Accepted, 'It existed already') },
    }),
    async (c) => {
      const access = accessOfRequest(c)
      const { organizationId } = access
      const body = c.req.valid('json')
      const { defaultLocale } = await profiles.of(organizationId)
      const checked = checkClaim(
        {
          ...body.recipient,
          achievement: body.achievement.name,
          completedOn: body.completedOn,
          externalId: body.externalId,
          occurrence: body.occurrence,
        },
        { today: now(), defaultLocale },
      )
      if ('faults' in checked)
        throw new Problem('validation-failed', checked.faults[0]?.message ?? 'The credential cannot be issued so.', {
          extensions: { errors: checked.faults.map(({ field, code, message }) => ({ path: pathOf[field], code, message })) },
        })
      const { claim } = checked
      const template = await findTemplate({ database, now }, organizationId, body.template)
      const wanted = { claim, achievement: { ...body.achievement, name: claim.achievement }, notify: body.notify }
      const response = await acceptance.accept([wanted], { organizationId, template, priority: 0 }, (write) =>
        idempotent(c, {
          database,
          keys,
          access,
          run: async (tx) => {
            refuseArchived(template)
            const [accepted] = await write(tx)
            if (!accepted) throw new Error('One was wanted and none was accepted.')
            if (accepted.created)
              await tx.audit({ organizationId, action: 'credential.accepted', target: accepted.id })
            const self = `${publicUrl}/v1/credentials/${accepted.id}`
            return {
              status: accepted.created ? (202 as const) : (200 as const),
              headers: { location: self },
              body: { id: accepted.id, created: accepted.created, links: { self, public: viewUrl(publicUrl, accepted.publicId) } },
            }
          },
        }),
      )
      return response as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/credentials',
      tags,
      summary: 'List credentials, newest first',
      ...scoped('credentials:read'),
      request: {
        query: z.object({
          state: State.optional(),
          batch: z.string().max(64).optional(),
          q: z.string().max(200).optional().openapi({ description: 'Words of the recipient’s name or address; beginnings of three letters and more.' }),
          after: pageCursor.optional().openapi({ description: '`next` of the page before.' }),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
      },
      responses: { 200: json(z.object({ credentials: z.array(Credential), next: z.string().nullable() }), 'A page') },
    }),
    async (c) => {
      const { state, batch, q, after, limit } = c.req.valid('query')
      const { organizationId } = accessOfRequest(c)
      return c.json(await listCredentials(context, organizationId, { state, batchId: batch, query: q, after, limit }), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/credentials/{id}',
      tags,
      summary: 'One credential',
      ...scoped('credentials:read'),
      request: id,
      responses: { 200: json(Credential, 'The credential') },
    }),
    async (c) => c.json(await getCredential(context, accessOfRequest(c).organizationId, c.req.valid('param').id), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/credentials/{id}/certificate.pdf',
      tags,
      summary: 'The printed credential',
      ...scoped('credentials:read'),
      request: id,
      responses: { 200: { description: 'The PDF', content: { 'application/pdf': { schema: z.string().openapi({ format: 'binary' }) } } } },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const credential = await getCredential(context, organizationId, c.req.valid('param').id)
      if (credential.recipient === null) throw new Problem('gone', 'The recipient was erased, and the certificate with them; ask no more for it.')
      const certificate = (await findFinal(database, credential.id))?.certificate ?? undefined
      if (certificate === undefined)
        throw new Problem('state-refused', 'The credential is not printed yet; try again in a few seconds.')
      const pdf = await blobs.get(certificate, organizationId)
      return new Response(pdf as Uint8Array<ArrayBuffer>, {
        headers: {
          'content-type': 'application/pdf',
          'content-disposition': `attachment; filename="certificate-${credential.id}.pdf"`,
        },
      }) as never
    },
  )

  const life = (command: LifeCommand, summary: string) =>
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/credentials/{id}/${command}`,
        tags,
        summary,
        ...scoped('credentials:write'),
        request: {
          ...id,
          body: { content: { 'application/json': { schema: z.strictObject({ reason: oneLine(200).optional() }) } }, required: true },
        },
        responses: { 200: json(z.object({ id: z.string(), state: State }), 'The credential’s state from now on') },
      }),
      async (c) => {
        const { organizationId } = accessOfRequest(c)
        const { reason } = c.req.valid('json')
        const { id: credentialId } = c.req.valid('param')
        return c.json(await changeLife(context, statusLists, organizationId, credentialId, command, reason), 200)
      },
    )
  life('revoke', 'Revoke a credential, for ever')
  life('suspend', 'Suspend a credential until further notice')
  life('reinstate', 'Lift a suspension')
}

const pathOf = {
  name: 'recipient.name',
  email: 'recipient.email',
  locale: 'recipient.locale',
  achievement: 'achievement.name',
  completedOn: 'completedOn',
  externalId: 'externalId',
  occurrence: 'occurrence',
} as const
