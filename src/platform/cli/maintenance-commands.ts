import { Option } from 'commander'
import { platformContract, StepState } from '../platform-operations.ts'
import { Problem } from '../problem.ts'
import { type AddCommands, answer } from './command.ts'
import type { Control } from './control.ts'

const platform = (control: Control, module: string) => control.client(platformContract(module))

/** Commands that every module answers alike: its steps and its events. */
export const maintenanceCommands =
  (modules: readonly string[]): AddCommands =>
  (program, run) => {
    const known = (name: string): string => {
      if (modules.includes(name)) return name
      throw new Problem('not-found', `There is no module ${name}; choose from ${modules.join(', ')}.`)
    }
    const chosen = (name: string | undefined): readonly string[] => (name === undefined ? modules : [known(name)])

    const steps = program.command('steps').description('durable work: what waits, runs, is done or dead')
    steps
      .command('list')
      .description('list steps of all modules, or of one')
      .option('--module <name>')
      .addOption(new Option('--state <state>').choices(StepState.options).default('dead'))
      .option('--kind <kind>')
      .option('--limit <n>', 'of each module', '100')
      .option('--json', 'one line of JSON')
      .action(({ module, state, kind, limit, json }) =>
        run(async (control) => {
          const found = []
          for (const name of chosen(module)) {
            const page = await platform(control, name).steps({ state, kind, limit: Number(limit) })
            found.push(...page.steps.map((step) => ({ module: name, ...step })))
          }
          const lines = found.map((step) => `${step.module}  ${step.kind}  ${step.state}  ${step.id}  ${step.lastError ?? ''}`)
          answer(json, { steps: found }, lines.length > 0 ? lines : [`No step is ${state}.`])
        }),
      )
    steps
      .command('retry [id]')
      .description('drive dead steps again: one, or all of a module or kind')
      .option('--module <name>')
      .option('--kind <kind>')
      .option('--json', 'one line of JSON')
      .action((id, { module, kind, json }) =>
        run(async (control) => {
          let retried = 0
          for (const name of chosen(module))
            retried += (await platform(control, name).retrySteps({ ...(id && { id }), ...(kind && { kind }) })).retried
          answer(json, { retried }, [`${retried} steps are ready again.`])
        }),
      )

    const events = program.command('events').description('what modules published')
    events
      .command('replay <subscriber> <publisher> <family>')
      .description("deliver a publisher's stored events to one subscriber again")
      .option('--since <instant>', 'only what happened from then on, ISO 8601')
      .option('--json', 'one line of JSON')
      .action((subscriber, publisher, family, { since, json }) =>
        run(async (control) => {
          const events = { publisher: known(publisher), family, ...(since && { since }) }
          const replayed = await platform(control, known(subscriber)).replayEvents(events)
          answer(json, replayed, [`${replayed.events} events are on their way to ${subscriber}.`])
        }),
      )
    events
      .command('parked')
      .description('keys that stand still behind an event that kept failing')
      .option('--json', 'one line of JSON')
      .action(({ json }) =>
        run(async (control) => {
          const parked = []
          for (const name of modules) {
            const found = await platform(control, name).parkedKeys({})
            parked.push(...found.parked.map((key) => ({ module: name, ...key })))
          }
          const lines = parked.map((key) => `${key.module}  ${key.subscription}  ${key.key}  ${key.event}  ${key.lastError ?? ''}`)
          answer(json, { parked }, lines.length > 0 ? lines : ['Nothing is parked.'])
        }),
      )
    events
      .command('release <module> <subscription> <key>')
      .description('try a parked key again, or pass over its event with --skip')
      .option('--skip')
      .option('--json', 'one line of JSON')
      .action((module, subscription, key, { skip, json }) =>
        run(async (control) => {
          const released = await platform(control, known(module)).releaseParked({ subscription, key, skip: Boolean(skip) })
          answer(json, released, [released.released ? 'The key goes on.' : 'This key is not parked.'])
        }),
      )
  }
