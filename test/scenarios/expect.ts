import assert from 'node:assert/strict'
import type { Answer } from './ask.ts'

/** The answer has this status, and is returned; else the failure shows what was answered. */
export function expectStatus(answer: Answer, status: number): Answer {
  assert.equal(answer.status, status, `${status} was expected, and the answer was ${answer.status} ${answer.text.slice(0, 2_000)}`)
  return answer
}

/** An RFC 9457 problem with this status and type, which says what to do and is kept by no cache. */
export function expectProblem(answer: Answer, status: number, code?: string): Answer {
  expectStatus(answer, status)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json\b/, answer.text)
  const { type, title, status: told, detail } = answer.json as Record<string, unknown>
  assert.match(String(type), /^urn:vellum:problem:[a-z-]+$/)
  if (code !== undefined) assert.equal(type, `urn:vellum:problem:${code}`, answer.text)
  assert.equal(told, status)
  assert.ok(typeof title === 'string' && title.length > 0)
  assert.ok(typeof detail === 'string' && /[.;]/.test(detail), `The detail is no sentence: ${String(detail)}`)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  return answer
}
