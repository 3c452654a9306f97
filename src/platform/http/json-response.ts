import type { z } from '@hono/zod-openapi'

/** A JSON answer as a route's `responses` describe it: `{ 200: json(Credential, 'The credential') }`. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
