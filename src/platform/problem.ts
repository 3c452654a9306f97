/**
 * Every refusal that a caller can see, in one table: code, HTTP status, title.
 * The wire form is RFC 9457 problem+json with `type: urn:vellum:problem:{code}`; a code never changes its meaning.
 */
export const problems = {
  'bad-request': [400, 'The request cannot be understood'],
  'validation-failed': [422, 'The request is well-formed but not valid'],
  unauthenticated: [401, 'An access token is needed'],
  'token-refused': [401, 'The access token was refused'],
  forbidden: [403, 'The token does not permit this'],
  'second-factor-required': [403, 'The organization asks for a second factor'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'The address does not answer to this method'],
  gone: [410, 'This was erased'],
  conflict: [409, 'The request conflicts with what is stored'],
  'already-exists': [409, 'It already exists'],
  'precondition-failed': [412, 'It was changed since it was read'],
  'state-refused': [409, 'The present state does not allow this'],
  'idempotency-in-progress': [409, 'The first request with this key is still running'],
  'idempotency-mismatch': [422, 'This key was used for another request'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'This media type is not accepted here'],
  'not-acceptable': [406, 'No representation suits the Accept header'],
  'rate-limited': [429, 'Too many requests'],
  'quota-exceeded': [429, 'The organization has used up what it may in a month'],
  internal: [500, 'Something went wrong on our side'],
  unavailable: [503, 'A part that is needed does not answer'],
  'deadline-exceeded': [504, 'The answer took too long'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof problems

export interface ProblemDetails {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly [extension: string]: unknown
}

/** A refusal: thrown anywhere, answered as problem+json, and rethrown as itself on the far side of a contract call. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly extensions: Readonly<Record<string, unknown>>
  readonly retryAfterSeconds: number | undefined

  /** @param detail one sentence that says what to do; it reaches the client, so it holds no secret and no name */
  constructor(
    code: ProblemCode,
    detail: string,
    options: { extensions?: Record<string, unknown>; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.status = problems[code][0]
    this.extensions = options.extensions ?? {}
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

const prefix = 'urn:vellum:problem:'

/** The RFC 9457 body of a problem. */
export const problemDetails = (problem: Problem): ProblemDetails => ({
  type: prefix + problem.code,
  title: problems[problem.code][1],
  status: problem.status,
  detail: problem.message,
  ...problem.extensions,
})

/** The inverse of {@link problemDetails}; an unknown type becomes `internal`. */
export function problemFromDetails(body: unknown, retryAfterSeconds?: number): Problem {
  const { type, title: _, status: __, detail, ...extensions } = (body ?? {}) as Record<string, unknown>
  const code = typeof type === 'string' && type.startsWith(prefix) ? type.slice(prefix.length) : ''
  const known = Object.hasOwn(problems, code) ? (code as ProblemCode) : 'internal'
  const options = retryAfterSeconds === undefined ? { extensions } : { extensions, retryAfterSeconds }
  return new Problem(known, typeof detail === 'string' ? detail : 'The answer was not a problem document.', options)
}
