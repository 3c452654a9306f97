import { HTTPException } from 'hono/http-exception'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { KeyErased, KeyNotLoaded, KeyVersionUnknown } from '../crypto/key-ring-types.ts'
import { DatabaseError } from '../database/database-error.ts'
import { Problem, problemDetails, problemFromDetails } from '../problem.ts'
import { Unavailable } from '../work/step.ts'

export const problemMediaType = 'application/problem+json'

/** The RFC 9457 answer of a problem: body, `Retry-After` where the problem tells one, never cached. */
export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  const all: Record<string, string> = {
    'content-type': problemMediaType,
    'cache-control': 'no-store',
    ...headers,
  }
  if (problem.retryAfterSeconds !== undefined) all['retry-after'] = String(Math.ceil(problem.retryAfterSeconds))
  return new Response(JSON.stringify(problemDetails(problem)), { status: problem.status, headers: all })
}

/** Reads a problem out of an answer that is not 2xx. */
export async function readProblem(response: Response): Promise<Problem> {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN)
  const body = await response.json().catch(() => undefined)
  return problemFromDetails(body, Number.isFinite(after) ? after : undefined)
}

const keyIsBeingChanged = (cause: Error) =>
  new Problem('unavailable', 'A key is being fetched anew; send the request again in a second.', { retryAfterSeconds: 1, cause })

/**
 * What a thrown thing looks like to the one who asked. Anything that is not a refusal on purpose is logged here and
 * becomes `internal`, of which nothing leaks.
 */
export function problemOf(error: unknown, log?: Logger): Problem {
  if (error instanceof Problem) return error
  if (error instanceof KeyErased) return new Problem('gone', 'The data was erased for good; ask no more for it.')
  if (error instanceof KeyVersionUnknown) return keyIsBeingChanged(error)
  if (error instanceof Unavailable) {
    const options = error.retryAfterMs === undefined ? {} : { retryAfterSeconds: error.retryAfterMs / 1_000 }
    return new Problem('unavailable', 'A part that is needed does not answer; try again later.', options)
  }
  if (error instanceof HTTPException && error.status < 500) {
    const code = error.status === 413 ? 'too-large' : error.status === 415 ? 'unsupported-media-type' : 'bad-request'
    return new Problem(code, 'Check the request against /openapi.json, the syntax of its body too, and send it again.')
  }
  if (error instanceof DatabaseError && unkeepable.has(error.code)) {
    return new Problem('bad-request', 'Take U+0000 and other characters that no text can hold out of the request.')
  }
  log?.error({ err: error }, 'unexpected error')
  if (error instanceof KeyNotLoaded) return keyIsBeingChanged(error)
  if (isPassing(error)) {
    return new Problem('unavailable', 'The storage cannot take this now; try again later.', { retryAfterSeconds: 30 })
  }
  return new Problem('internal', 'Try again; if it stays, tell the operator the request id.')
}

/** SQLSTATE: character_not_in_repertoire, untranslatable_character. */
const unkeepable = new Set(['22021', '22P05'])

/** Full or absent storage: logged as ours, but worth another try. */
const isPassing = (error: unknown): boolean =>
  error instanceof DatabaseError
    ? error.kind === 'unavailable' || error.kind === 'conflict'
    : /^(ENOSPC|EDQUOT|EROFS|EMFILE|ENFILE)$/.test(String((error as { code?: unknown } | null)?.code ?? ''))

export interface FieldError {
  /** Dotted: `recipients.3.email`; empty for the value itself. */
  readonly path: string
  readonly message: string
}

/** One line for each thing that is wrong; holds field names and rules, never the values. */
export const fieldErrors = (issues: readonly z.core.$ZodIssue[]): FieldError[] =>
  issues.slice(0, 100).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: 'This field is not known here' }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  )

/** The `validation-failed` problem of a failed parse, with `errors: [{ path, message }]`. */
export const validationProblem = (error: z.ZodError): Problem =>
  new Problem('validation-failed', 'Correct the fields that errors names and send the request again.', {
    extensions: { errors: fieldErrors(error.issues) },
  })
