import { platformContract } from '../platform-operations.ts'
import { type Advice, advise } from '../telemetry/advise-rules.ts'
import { type AddCommands, answer } from './command.ts'

const line = ({ module, verdict, callsPerSecond, eventsPerSecond, cpuShare, loopDelayP99Ms, addedLatencyMs, reason }: Advice): string =>
  `${module.padEnd(12)}  ${verdict.padEnd(7)}  ${callsPerSecond} calls/s  ${eventsPerSecond} events/s  ` +
  `${cpuShare} processors  loop ${loopDelayP99Ms} ms  split adds ${addedLatencyMs} ms/s  ${reason}`

/** `vellum advise`. */
export const adviseCommand =
  (modules: readonly string[]): AddCommands =>
  (program, run) => {
    program
      .command('advise')
      .description('which module should run in a process of its own, from what the running process measured')
      .option('--json', 'one line of JSON')
      .action(({ json }) =>
        run(async (control) => {
          const loads = await Promise.all(modules.map((module) => control.client(platformContract(module)).load({})))
          const advice = loads.map(advise)
          answer(json, advice, advice.map(line))
        }),
      )
  }
