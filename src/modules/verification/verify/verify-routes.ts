import { createRoute, z } from '@hono/zod-openapi'
import type { JsonObject } from '#platform/credentials/json.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import type { Verifier } from './verify.ts'

const Answer = z
  .object({
    verified: z.boolean(),
    errors: z.array(z.object({ code: z.string(), message: z.string(), detail: z.string().optional() })),
    status: z.enum(['active', 'revoked', 'suspended', 'unknown', 'none']),
  })
  .openapi('VerifyAnswer')

/** `POST /v1/verify`: for everyone, without a token. */
export function verifyRoutes(app: PublicApp, verifier: Verifier): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/verify',
      tags: ['Public'],
      ...forEveryone,
      summary: 'Verify any credential',
      description:
        'Open Badges 3.0 and W3C Verifiable Credentials with Data Integrity proofs (eddsa-rdfc-2022, eddsa-jcs-2022), of whatever issuer. ' +
        '`verified` is false for what is revoked or suspended. `status` is `unknown` when a status list cannot be reached or trusted: ask again later.',
      request: {
        body: {
          required: true,
          content: { 'application/json': { schema: z.strictObject({ credential: z.record(z.string(), z.unknown()) }).openapi('VerifyRequest') } },
        },
      },
      responses: { 200: { description: 'What was found', content: { 'application/json': { schema: Answer } } } },
    }),
    async (c) => {
      const answer = await verifier.verify(c.req.valid('json').credential as JsonObject)
      return c.json({ ...answer, errors: [...answer.errors] }, 200, { 'cache-control': 'no-store' })
    },
  )
}
