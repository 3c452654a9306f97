import { createRoute, z } from '@hono/zod-openapi'
import { formatInstant } from '#platform/credentials/instant.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import type { ProofPurpose } from '#platform/credentials/signing-key.ts'
import { json } from '#platform/http/json-response.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { VerificationContext } from '../verification-context.ts'
import type { Checks, Findings } from './checks.ts'

const tags = ['VC-API']
const document = z.record(z.string(), z.unknown())
const params = z.object({ organization: z.string().min(1).max(64) })

/** Callers send what other services know; what concerns nobody here is let be. */
const options = z.record(z.string(), z.unknown()).optional()
/** Some name the contexts of the request itself. */
const context = { '@context': z.unknown().optional() }

const IssueRequest = z.strictObject({ ...context, credential: document, options }).openapi('VcApiIssueRequest')
const VerifyRequest = z.strictObject({ ...context, verifiableCredential: document, options }).openapi('VcApiVerifyRequest')
const PresentationRequest = z.strictObject({ ...context, verifiablePresentation: document, options }).openapi('VcApiPresentationRequest')

const Verified = z.object({ verified: z.literal(true), errors: z.array(z.unknown()) }).openapi('VcApiVerified')
const Signed = z.object({}).loose()

const body = <S extends z.ZodType>(schema: S) => ({ required: true, content: { 'application/json': { schema } } })

/**
 * W3C CCG VC-API for one organization each, without tokens: mounted only where `VC_API` is set, and then whoever reaches it
 * has anything signed (docs/decisions/0150).
 */
export function vcApiRoutes(app: PublicApp, { clients, config, now }: Pick<VerificationContext, 'clients' | 'config' | 'now'>, checks: Checks): void {
  const isOpen = config.VC_API
  if (isOpen === undefined) return

  const refuseOthers = (slug: string): void => {
    if (!isOpen(slug)) throw new Problem('not-found', 'Name an organization that VC_API names.')
  }

  app.openapi(
    createRoute({
      method: 'post', path: '/vc-api/{organization}/credentials/issue', tags, ...forEveryone,
      summary: 'Sign any conforming credential',
      description: 'The issuer’s id becomes the DID of the organization, whatever stood there. Nothing is stored.',
      request: { params, body: body(IssueRequest) },
      responses: { 201: json(Signed, 'The credential with its proof') },
    }),
    async (c) => {
      const { organization } = c.req.valid('param')
      refuseOthers(organization)
      const credential = c.req.valid('json').credential as JsonObject
      refuse('credential', await checks.credentialToSign(credential))
      const signed = await clients.issuance.signDocument({
        slug: organization, document: JSON.stringify(credential), created: formatInstant(now()),
      })
      return c.json(JSON.parse(signed.document) as JsonObject, 201, { 'cache-control': 'no-store' }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post', path: '/vc-api/{organization}/credentials/verify', tags, ...forEveryone,
      summary: 'Verify any credential: 200 only if nothing is wrong',
      description: 'options: checks (with credentialStatus, a status that cannot be told is an error too), expectedProofPurpose, challenge, domain.',
      request: { params, body: body(VerifyRequest) },
      responses: { 200: json(Verified, 'It verified') },
    }),
    async (c) => {
      refuseOthers(c.req.valid('param').organization)
      const { verifiableCredential, options: wishes = {} } = c.req.valid('json')
      const wanted = Array.isArray(wishes['checks']) ? wishes['checks'] : []
      const status = wanted.some((one) => one === 'credentialStatus' || one === 'status')
      refuse('verifiableCredential', await checks.credential(verifiableCredential as JsonObject, { ...demandsOf(wishes), status }))
      return c.json({ verified: true as const, errors: [] }, 200, { 'cache-control': 'no-store' })
    },
  )

  app.openapi(
    createRoute({
      method: 'post', path: '/vc-api/{organization}/presentations/verify', tags, ...forEveryone,
      summary: 'Verify any presentation, and every credential in it: 200 only if nothing is wrong',
      description: 'options: challenge and domain, which every proof must then answer; expectedProofPurpose. Without them an unsigned presentation is accepted.',
      request: { params, body: body(PresentationRequest) },
      responses: { 200: json(Verified, 'It verified') },
    }),
    async (c) => {
      refuseOthers(c.req.valid('param').organization)
      const { verifiablePresentation, options: wishes = {} } = c.req.valid('json')
      refuse('verifiablePresentation', await checks.presentation(verifiablePresentation as JsonObject, demandsOf(wishes)))
      return c.json({ verified: true as const, errors: [] }, 200, { 'cache-control': 'no-store' })
    },
  )
}

function demandsOf(options: Record<string, unknown>) {
  const text = (name: string) => {
    const value = options[name]
    if (value !== undefined && typeof value !== 'string') {
      throw new Problem('validation-failed', `Send options.${name} as a text.`, { extensions: { errors: [{ path: `options.${name}`, message: 'must be a text' }] } })
    }
    return value
  }
  const purpose = text('expectedProofPurpose')
  // A purpose that is not known here is expected in vain.
  return { challenge: text('challenge'), domain: text('domain'), ...(purpose !== undefined && { purposes: [purpose as ProofPurpose] }) }
}

function refuse(path: string, findings: Findings): void {
  if (findings.length === 0) return
  const errors = findings.map((finding) => ({ path, ...finding }))
  throw new Problem('validation-failed', `Correct the ${path} as errors says; nothing was signed or verified.`, { extensions: { verified: false, errors } })
}
