import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { CallContext, Contract, Handlers, Operation } from '../contract.ts'
import { type Context, inContext } from '../context.ts'
import { readText } from '../http/body.ts'
import { problemOf, problemResponse, validationProblem } from '../http/problem-response.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import { countCall } from '../telemetry/load.ts'
import { callTimer, outcomeOf } from '../telemetry/metrics.ts'
import { span } from '../telemetry/trace.ts'
import { parseTraceparent } from '../telemetry/traceparent.ts'
import { describeContract } from './compatibility.ts'
import { callHeaders, contractPath, operationPath } from './headers.ts'
import { bearerOf, type ServiceTokens } from './service-token.ts'

/** Internal requests are batches of ids and keys, seldom more; files go as documents. */
const maxBodyBytes = 16 * 1024 * 1024

export interface ContractServerOptions {
  readonly tokens: ServiceTokens
  readonly log?: Logger
}

/**
 * Answers `POST /internal/{module}/{operation}` for every operation and `GET /internal/{module}/contract` with their
 * JSON Schemas. Input and output are parsed and lose the fields that this version does not know. A handler runs in
 * the context that the call carried and in no other. Throws at once when a schema is not plain JSON, or strict.
 */
export function mountContract<C extends Contract>(
  app: Hono<any, any, any>,
  contract: C,
  handlers: Handlers<C>,
  options: ContractServerOptions,
): void {
  const { module } = contract
  const description = describeContract(contract)
  app.get(contractPath(module), async (c) => {
    try {
      await options.tokens.verify(bearerOf(c.req.header(callHeaders.authorization)), module)
      return c.json(description)
    } catch (error) {
      return problemResponse(problemOf(error, options.log))
    }
  })
  for (const [name, operation] of Object.entries(contract.operations)) {
    const handler = (handlers as Record<string, (input: unknown, call: CallContext) => Promise<unknown>>)[name]
    if (!handler) throw new Error(`${module} has no handler for its operation ${name}`)
    const title = `${module}.${name}`
    const timed = callTimer('server', module, name)
    app.post(operationPath(module, name), async (c) => {
      const since = performance.now()
      let context: Context & { deadline: number } = { deadline: 0 }
      try {
        const { headers } = c.req.raw
        const caller = await options.tokens.verify(bearerOf(headers.get(callHeaders.authorization)), module)
        countCall(module, caller)
        const input = parseInput(operation, await readText(c.req.raw, maxBodyBytes))
        context = contextOf(headers, operation, caller)
        const { deadline } = context
        const output = await inContext(context, () =>
          span(title, { 'vellum.caller': caller }, async () => {
            const output = await run(operation, deadline, caller, input, handler)
            options.log?.debug({ operation: title, caller }, 'a call was answered')
            return output
          }),
        )
        const answer = c.json(parseOutput(title, operation, output) as object)
        timed(since, 'ok')
        return answer
      } catch (error) {
        timed(since, outcomeOf(error))
        return problemResponse(inContext(context, () => problemOf(error, options.log)))
      }
    })
  }
}

function parseInput(operation: Operation, text: string): unknown {
  let json: unknown
  try {
    json = text === '' ? undefined : JSON.parse(text)
  } catch {
    throw new Problem('bad-request', 'Send the input as JSON.')
  }
  const parsed = operation.input.safeParse(json)
  if (!parsed.success) throw validationProblem(parsed.error)
  return parsed.data
}

function parseOutput(title: string, operation: Operation, output: unknown): unknown {
  const parsed = operation.output.safeParse(output)
  if (!parsed.success) throw new Error(`${title} answered what its contract does not allow`, { cause: parsed.error })
  return parsed.data
}

function contextOf(headers: Headers, operation: Operation, caller: string): Context & { deadline: number } {
  const remaining = Number(headers.get(callHeaders.deadline) ?? operation.timeoutMs)
  const organization = headers.get(callHeaders.organization)
  const address = headers.get(callHeaders.address)
  const traceparent = parseTraceparent(headers.get(callHeaders.traceparent))?.traceparent
  return {
    deadline: Date.now() + Math.min(operation.timeoutMs, remaining > 0 ? remaining : 0),
    actor: headers.get(callHeaders.actor) ?? `module:${caller}`,
    ...(organization ? { organizationId: OrganizationId.parse(organization) } : {}),
    ...(address ? { address } : {}),
    ...(traceparent ? { traceparent } : {}),
  }
}

/** Answers at the deadline at the latest; the handler's signal is aborted then. */
async function run(
  operation: Operation,
  deadline: number,
  caller: string,
  input: unknown,
  handler: (input: unknown, call: CallContext) => Promise<unknown>,
): Promise<unknown> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const end = () => {
      const problem = new Problem('deadline-exceeded', 'The caller waits no longer; try again later.')
      controller.abort(problem)
      reject(problem)
    }
    timer = setTimeout(end, Math.min(operation.timeoutMs, Math.max(0, deadline - Date.now())))
  })
  try {
    return await Promise.race([handler(input, { signal: controller.signal, caller }), late])
  } finally {
    clearTimeout(timer)
  }
}
