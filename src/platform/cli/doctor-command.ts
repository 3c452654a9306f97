import { witnessOf } from '../audit/witness-rule.ts'
import { type Program, socketPath } from '../boot.ts'
import { type Check, type Finding, ok, warn } from '../check.ts'
import { ConfigurationError, type Environment, readSettings } from '../config.ts'
import { databaseChecks } from '../database/check-database.ts'
import type { AnyModule } from '../module.ts'
import { redisCheck } from '../redis/redis-check.ts'
import { readTopology } from '../topology.ts'
import { type AddCommands, answer } from './command.ts'
import { type Control, openControl, reach } from './control.ts'
import { localChecks, witnessChecks, workChecks } from './doctor-checks.ts'
import { linesFor } from './error-lines.ts'

export interface Found extends Finding {
  readonly check: string
}

/** One check may take so long. */
const checkTimeoutMs = 15_000

async function run({ name, run: look }: Check): Promise<Found> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'fail', say: `No answer within ${checkTimeoutMs / 1_000} s; look at it by hand.` }), checkTimeoutMs)
  })
  try {
    return { check: name, ...(await Promise.race([look(), late])) }
  } catch (error) {
    const say = linesFor(error)?.join(' ') ?? (error instanceof Error ? `${error.name}: ${error.message}` : 'failed')
    return { check: name, state: 'fail', say }
  } finally {
    clearTimeout(timer)
  }
}

/** Looks at everything that an operator can get wrong, side by side, and changes nothing. */
export async function examine(program: Program, environment: Environment): Promise<Found[]> {
  const known = Object.keys(program.registry)
  let read: ReturnType<typeof readSettings<Record<string, AnyModule['config']>>>
  let hosted: readonly string[]
  let definitions: Record<string, AnyModule>
  try {
    hosted = readTopology(environment.MODULES || 'all', known, environment).hosted
    definitions = Object.fromEntries(await Promise.all(hosted.map(async (name) => [name, await program.registry[name]!.load()] as const)))
    read = readSettings(environment, Object.fromEntries(Object.entries(definitions).map(([name, { config }]) => [name, config])))
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.messages.map((say) => ({ check: 'settings', state: 'fail', say }))
  }
  const { settings, modules: configs, environment: values } = read
  const control = await reachRunning(program, environment, settings.DATA_DIR).catch(() => undefined)
  try {
    const process: Check = {
      name: 'process',
      run: async () => control ? ok('A running process answers.') : warn('No process runs on this data folder; what waits in it was not looked at.'),
    }
    const witnesses = known.map((name) => witnessOf(name, program.authority, known))
    const own = Object.entries(definitions).flatMap(([name, { checks }]) => checks?.(configs[name]) ?? [])
    const all = [
      { name: 'settings', run: async () => ok('Every setting can be read.') },
      ...localChecks(settings, values, hosted.includes(program.authority)),
      ...databaseChecks(settings.DATABASE_URL, hosted),
      ...(settings.REDIS_URL === undefined ? [] : [redisCheck(settings.REDIS_URL)]),
      ...own,
      // One that only forwards has no way in for commands.
      ...(hosted.length > 0 ? [process] : []),
      ...(control ? [...workChecks(control, hosted), ...witnessChecks(control, hosted.filter((name) => witnesses.includes(name)))] : []),
    ]
    return await Promise.all(all.map(run))
  } finally {
    await control?.close()
  }
}

/** Undefined where no process runs: opening the files for it would be more than looking. */
async function reachRunning(program: Program, environment: Environment, dataDir: string): Promise<Control | undefined> {
  const agent = await reach(socketPath(dataDir))
  await agent?.close()
  return agent && openControl(program, environment)
}

const marks: Record<Finding['state'], string> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' }

/** `vellum doctor`: exit status 1 when something fails. */
export const doctorCommand =
  (vellum: Program, environment: Environment): AddCommands =>
  (program) => {
    program
      .command('doctor')
      .description('look at everything that can be set up wrongly, and say what to do; 1 when something fails')
      .option('--json', 'one line of JSON')
      .action(async ({ json }) => {
        const found = await examine(vellum, environment)
        const failed = found.filter(({ state }) => state === 'fail').length
        answer(json, { ok: failed === 0, checks: found }, [
          ...found.map(({ state, check, say }) => `${marks[state]}  ${check}: ${say}`),
          failed === 0 ? 'Nothing fails.' : `${failed} ${failed === 1 ? 'check fails' : 'checks fail'}.`,
        ])
        if (failed > 0) process.exitCode = 1
      })
  }
