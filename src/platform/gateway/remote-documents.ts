import type { Logger } from 'pino'
import { openApiPath } from '../call/headers.ts'
import type { ServiceTokens } from '../call/service-token.ts'
import type { Transport } from '../call/transport.ts'
import { readProblem } from '../http/problem-response.ts'
import type { OpenApiDocument } from '../http/openapi.ts'

/** How long a module's document is taken for the present one, and how long one is waited for, in milliseconds. */
const freshMs = 30_000
const patienceMs = 1_000

export interface RemoteDocumentsOptions {
  readonly modules: readonly string[]
  readonly transportTo: (module: string) => Transport
  readonly tokens: ServiceTokens
  readonly log: Logger
  /** How long an answer is taken for the present one, in milliseconds; 30 s unless told. */
  readonly freshMs?: number
}

/**
 * What modules elsewhere say of their part of the API. Asked for when somebody wants to read it; of a module that is away
 * the last answer stays.
 */
export function createRemoteDocuments({ modules, transportTo, tokens, log, freshMs: fresh = freshMs }: RemoteDocumentsOptions) {
  const known = new Map<string, { readonly document: OpenApiDocument; readonly at: number }>()

  async function fetchOne(module: string): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs)
    const headers = { authorization: `Bearer ${await tokens.mint('gateway', module)}` }
    const answer = await transportTo(module)({ method: 'GET', path: openApiPath(module), headers, effect: 'read', signal })
    if (!answer.ok) throw await readProblem(answer)
    known.set(module, { document: (await answer.json()) as OpenApiDocument, at: performance.now() })
  }

  return async (): Promise<Record<string, OpenApiDocument>> => {
    const due = modules.filter((module) => performance.now() - (known.get(module)?.at ?? Number.NEGATIVE_INFINITY) >= fresh)
    await Promise.all(
      due.map((module) => fetchOne(module).catch((error: unknown) => log.warn({ err: error, module }, 'document of the API'))),
    )
    return Object.fromEntries([...known].map(([module, { document }]) => [module, document]))
  }
}
