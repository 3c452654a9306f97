import { type DestinationStream, type Logger, pino } from 'pino'
import { currentContext } from '../context.ts'
import { isPersonal, withoutPersonal } from './personal.ts'
import { currentTraceId } from './trace.ts'

export interface LogOptions {
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  /** Standard error by default, so that a command's standard output holds its answer alone. */
  readonly to?: 'stderr' | 'stdout' | DestinationStream
  readonly version?: string
  /** Tells processes apart whose lines are gathered in one place. */
  readonly pid?: number
}

/** Deeper than this a logged object is cut. */
const maxDepth = 6

/**
 * JSON lines with time, level, message, and what the context knows: trace id, organization, actor. A field that names
 * a person or opens something is written as `[redacted]`, at any depth, and an error's text loses addresses, tokens
 * and query parameters. A module's own logger is `log.child({ module })`.
 */
export function createLog(options: LogOptions = {}): Logger {
  const to = options.to ?? 'stderr'
  // A plain write works on Node and Deno alike, and is synchronous for files and pipes.
  const destination = typeof to === 'string' ? { write: (line: string) => void process[to].write(line) } : to
  const log = pino(
    {
      level: options.level ?? 'info',
      base: { ...(options.version !== undefined && { version: options.version }), ...(options.pid !== undefined && { pid: options.pid }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (level) => ({ level }),
        log: (fields) => redacted(fields, 0) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          const harmless = withMessage(args).map((arg) => (typeof arg === 'string' ? withoutPersonal(arg) : arg))
          method.apply(this, harmless as typeof args)
        },
      },
      // Errors are written by `redacted`; pino's own serializer would write their text as it is.
      serializers: { err: (value: unknown) => value },
      mixin: fieldsOfContext,
    },
    destination,
  )
  // Pino formats a child's bindings by no formatter of its parent's, so they are redacted before it sees them. Children
  // inherit this method from their parent.
  const { child } = log
  log.child = function (this: Logger, bindings: object, childOptions?: object) {
    return child.call(this, redacted(bindings, 0) as object, childOptions as never)
  } as typeof child
  return log
}

/** An error that is logged without a message would lend its own, uncut, to the line. */
function withMessage(args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args
  const error = first instanceof Error ? first : (first as { err?: unknown } | null | undefined)?.err
  return rest.length === 0 && error instanceof Error ? [first, error instanceof SyntaxError ? error.name : error.message] : [...args]
}

function fieldsOfContext(): Record<string, string> {
  const { organizationId, actor } = currentContext()
  const traceId = currentTraceId()
  return {
    ...(traceId ? { traceId } : {}),
    ...(organizationId ? { organizationId } : {}),
    ...(actor ? { actor } : {}),
  }
}

function redacted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutPersonal(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value
  if (depth > maxDepth) return '[deep]'
  if (value instanceof Error) return errorFields(value, depth)
  if (value instanceof Date) return value
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redacted(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, isPersonal(key) ? '[redacted]' : redacted(field, depth + 1)]),
  )
}

/** Only what is known to be harmless: drivers hang rows and parameters on their errors. */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    // A parser quotes what it could not read.
    message: error instanceof SyntaxError ? 'text that cannot be parsed' : withoutPersonal(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: withoutPersonal(stackOf(error)),
    ...(error.cause === undefined ? {} : { cause: redacted(error.cause, depth + 1) }),
  }
}

/** The frames alone: the message above them may be cut, and may have more lines than one. */
function stackOf(error: Error): string {
  const stack = error.stack ?? ''
  const frames = stack.indexOf('\n    at ')
  return frames < 0 ? '' : stack.slice(frames + 1)
}
