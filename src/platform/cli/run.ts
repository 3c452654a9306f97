import { Command } from 'commander'
import { boot, type Program, type Running, version } from '../boot.ts'
import { ConfigurationError, type Environment } from '../config.ts'
import { auditCommands } from './audit-commands.ts'
import { backupCommands } from './backup-commands.ts'
import type { AddCommands, RunWithControl } from './command.ts'
import { openControl } from './control.ts'
import { linesFor } from './error-lines.ts'
import { adviseCommand } from './advise-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { maintenanceCommands } from './maintenance-commands.ts'
import { topologyCommands } from './topology-commands.ts'
import { traceCommand } from './trace-command.ts'

/**
 * Runs the program until a signal stops it, also one that comes while it still starts; a second ends it at once. When a module has
 * left or come, it starts anew in itself.
 */
export async function serve(program: Program, environment: Environment): Promise<void> {
  let booting: Promise<Running> | undefined
  let stopping = false
  // One listener that stays: Deno calls a listener that is added meanwhile for the same signal.
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    // Why it could not start is told by whoever called.
    void booting?.then((running) => running.stop().then(() => process.exit(0)), () => {})
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  while (!stopping) {
    const replaced = Promise.withResolvers<void>()
    booting = boot(program, { environment, replace: replaced.resolve })
    const running = await booting
    await running.begun.catch((error: unknown) => {
      if (!stopping) throw error
    })
    await replaced.promise
    await running.stop()
  }
}

/** Prints what went wrong as sentences, and ends with 78 for a configuration, else 1. A fault of our own is thrown on. */
export function fail(error: unknown): never {
  const lines = linesFor(error)
  if (!lines) throw error
  for (const line of lines) process.stderr.write(`${line}\n`)
  process.exit(error instanceof ConfigurationError ? error.exitCode : 1)
}

/** What the platform offers for every module, beside `serve`. */
export function platformCommands(program: Program, environment: Environment): AddCommands[] {
  const modules = Object.keys(program.registry)
  return [
    maintenanceCommands(modules), auditCommands(modules, program.authority), traceCommand(modules), adviseCommand(modules), doctorCommand(program, environment),
    topologyCommands(program, environment), backupCommands(program, environment),
  ]
}

/** The command line: what the platform offers for every module, and what modules add. */
export async function runCommandLine(
  program: Program,
  added: readonly AddCommands[],
  arguments_: readonly string[],
  environment: Environment,
): Promise<void> {
  const command = new Command('vellum')
    .description('Verifiable certificates and badges. Commands reach the running process, or open its files where none runs.')
    .version(version)
    .showHelpAfterError()
  command
    .command('serve')
    .description('run the modules that MODULES names')
    .action(() => serve(program, environment))
  const run: RunWithControl = async (work) => {
    const control = await openControl(program, { LOG_LEVEL: 'warn', ...environment })
    try {
      await work(control)
    } finally {
      await control.close()
    }
  }
  for (const add of [...added, ...platformCommands(program, environment)]) add(command, run)
  await command.parseAsync([...arguments_], { from: 'user' })
}
