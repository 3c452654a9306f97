import { randomUUID } from 'node:crypto'
import type { CallOptions, Client, Contract, Operation } from '../contract.ts'
import { type Context, currentContext } from '../context.ts'
import { readProblem, validationProblem } from '../http/problem-response.ts'
import { Problem } from '../problem.ts'
import { callTimer, outcomeOf } from '../telemetry/metrics.ts'
import { span } from '../telemetry/trace.ts'
import { callHeaders, operationPath } from './headers.ts'
import type { ServiceTokens } from './service-token.ts'
import type { Transport } from './transport.ts'

/** Who calls: the module's name, proven to the far side by a service token. */
export interface Caller {
  readonly module: string
  readonly tokens: ServiceTokens
}

/**
 * The typed client of a contract. Every method parses what it sends and what it gets, waits no longer than the
 * operation's deadline or the context's, whichever is sooner, and throws `Problem`: the far side's own, `unavailable`
 * when it cannot be reached, `deadline-exceeded`. Called inside a database transaction it always throws a plain
 * Error: nothing may hold a transaction open while it waits for another module.
 */
export function createClient<C extends Contract>(contract: C, transport: Transport, caller: Caller): Client<C> {
  const methods = Object.entries(contract.operations).map(([name, operation]) => {
    const title = `call ${contract.module}.${name}`
    const timed = callTimer('client', contract.module, name)
    // Async, so that the refusal inside a transaction is a rejection like every other.
    const method = async (input: unknown, options: CallOptions = {}) => {
      if (currentContext().transaction) {
        throw new Error(`${contract.module}.${name} was called inside a database transaction; call before it begins`)
      }
      const since = performance.now()
      try {
        const output = await span(title, { 'vellum.caller': caller.module }, () =>
          call(contract.module, name, operation, transport, caller, input, options),
        )
        timed(since, 'ok')
        return output
      } catch (error) {
        timed(since, outcomeOf(error))
        throw error
      }
    }
    return [name, method] as const
  })
  return Object.fromEntries(methods) as Client<C>
}

async function call(
  module: string,
  name: string,
  operation: Operation,
  transport: Transport,
  caller: Caller,
  input: unknown,
  options: CallOptions,
): Promise<unknown> {
  options.signal?.throwIfAborted()
  const parsed = operation.input.safeParse(input)
  if (!parsed.success) throw validationProblem(parsed.error)
  const context = currentContext()
  const waitMs = Math.min(operation.timeoutMs, (context.deadline ?? Number.POSITIVE_INFINITY) - Date.now())
  if (waitMs <= 0) throw tooLate(module, name)
  const body = JSON.stringify(parsed.data)
  const headers = await headersOf(context, module, caller, waitMs)

  const response = await answered(module, name, waitMs, options.signal, async (signal) => {
    const answer = await transport({
      method: 'POST',
      path: operationPath(module, name),
      headers,
      body,
      effect: operation.effect,
      signal,
    })
    if (!answer.ok) throw await readProblem(answer)
    return (await answer.json().catch(() => undefined)) as unknown
  })
  const output = operation.output.safeParse(response)
  if (output.success) return output.data
  throw new Problem('internal', `The answer of ${module}.${name} does not fit its contract; run compatible versions.`, {
    cause: output.error,
  })
}

/** Headers of an internal call out of the present context. */
export async function headersOf(
  context: Context,
  module: string,
  caller: Caller,
  waitMs: number,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    [callHeaders.authorization]: `Bearer ${await caller.tokens.mint(caller.module, module)}`,
    [callHeaders.deadline]: String(Math.ceil(waitMs)),
    [callHeaders.idempotencyKey]: randomUUID(),
  }
  if (context.organizationId) headers[callHeaders.organization] = context.organizationId
  if (context.actor) headers[callHeaders.actor] = context.actor
  if (context.address) headers[callHeaders.address] = context.address
  if (context.traceparent) headers[callHeaders.traceparent] = context.traceparent
  return headers
}

/**
 * Waits for `work` no longer than told. The wait is raced here and not left to the transport: an app that is called in
 * process ignores an aborted signal.
 */
export async function answered<T>(
  module: string,
  name: string,
  waitMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let onAbort: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const ended = new Promise<never>((_, reject) => {
    const end = (reason: unknown) => {
      controller.abort(reason)
      reject(reason)
    }
    timer = setTimeout(() => end(tooLate(module, name)), waitMs)
    onAbort = () => end(outer?.reason)
    outer?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work(controller.signal), ended])
  } finally {
    clearTimeout(timer)
    if (onAbort) outer?.removeEventListener('abort', onAbort)
  }
}

const tooLate = (module: string, name: string): Problem =>
  new Problem('deadline-exceeded', `${module}.${name} did not answer in time; try again later.`)
