import type { z } from 'zod'
import type { Program } from '../boot.ts'
import { type Environment, platformSettings, readSettings } from '../config.ts'
import type { Contract } from '../contract.ts'
import { Problem } from '../problem.ts'
import { planSplit, type PlannedProcess } from '../topology-plan.ts'
import { type AddCommands, answer } from './command.ts'
import { moveCommand } from './move-command.ts'

const settingNames = (schema: unknown): string[] => Object.keys((schema as z.ZodObject).shape)

const linesOf = (title: string, { environment, same }: PlannedProcess): string[] => [
  `# ${title}`,
  ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ...(same.length > 0 ? [`# and as they are now: ${same.join(' ')}`] : []),
  '',
]

/** `vellum topology …`: which module runs where. */
export const topologyCommands =
  (vellum: Program, environment: Environment): AddCommands =>
  (program, run) => {
    const topology = program.command('topology').description('which module runs in which process')
    moveCommand(topology, run)
    topology
      .command('plan')
      .description('the environments of two processes, one of them for a single module; changes nothing')
      .requiredOption('--split <module>', 'the module that is to run alone')
      .option('--at <url>', 'internal listener of the module alone (default: http://MODULE:3001)')
      .option('--rest <url>', 'internal listener of the rest', 'http://vellum:3001')
      .option('--json', 'one line of JSON')
      .action(async ({ split, at, rest, json }) => {
        const { registry, authority } = vellum
        if (!registry[split]) throw new Problem('not-found', `There is no module ${split}; choose from ${Object.keys(registry).join(', ')}.`)
        const loaded = await Promise.all(Object.entries(registry).map(async ([name, { load }]) => [name, await load()] as const))
        const definitions = Object.fromEntries(loaded)
        const { environment: values } = readSettings(environment, {})
        const modules = Object.fromEntries(loaded.map(([name, { uses, subscribes }]) => [name, {
          uses: [...Object.values(uses as Record<string, Contract>).map(({ module }) => module), authority],
          hears: Object.keys(subscribes),
        }]))
        const plan = planSplit(
          {
            module: split, modules, authority,
            environment: values,
            settingsOf: (name) => settingNames(definitions[name]!.config),
            addresses: { alone: at ?? `http://${split}:3001`, rest },
          },
          settingNames(platformSettings),
        )
        answer(json, plan, [
          ...linesOf(`${split} alone`, plan.alone),
          ...linesOf('the rest', plan.rest),
          '# needed',
          ...plan.needs.map((need) => `# - ${need}`),
        ])
      })
  }
