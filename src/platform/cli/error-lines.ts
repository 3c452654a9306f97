import { ConfigurationError } from '../config.ts'
import { Problem } from '../problem.ts'

interface Fault {
  readonly path?: unknown
  readonly message?: unknown
}

/**
 * What an operator is told of an error, a sentence a line: every configuration fault, a problem with the fields that it
 * names, a port that is taken, a sentence of the start. Undefined: a fault in the program, whose stack is wanted.
 */
export function linesFor(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigurationError) return error.messages
  if (error instanceof Problem) return [error.message, ...faultsOf(error.extensions.errors)]
  if (!(error instanceof Error)) return undefined
  const { code, syscall, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return [`Port ${port} is taken: stop what listens there, or set PORT or INTERNAL_PORT.`]
  if (code === 'EACCES' && syscall === 'listen')
    return [`Port ${port} may not be opened by this user: set PORT or INTERNAL_PORT to 1024 or more.`]
  if (syscall !== undefined) return [`${error.message}.`]
  if ('severity' in error) return [`The database refuses: ${error.message} (${code}).`]
  if (error.message === 'fetch failed') return ['The running process broke off the connection: see its log, and try again.']
  // What the start refuses is said in one sentence, by a plain Error.
  return error.constructor === Error ? [error.message] : undefined
}

function faultsOf(errors: unknown): string[] {
  if (!Array.isArray(errors)) return []
  return (errors as Fault[]).map(({ path, message }) => `  ${String(path)}: ${String(message)}`)
}
