import type { z } from 'zod'
import { platformContract, type TimelineEntryJson } from '../platform-operations.ts'
import { Problem } from '../problem.ts'
import { type AddCommands, answer } from './command.ts'
import type { Control } from './control.ts'

type Entry = z.output<typeof TimelineEntryJson> & { readonly module: string }

/** What all modules have on record about one thing, in the order of time. */
export interface Timeline {
  readonly id: string
  readonly entries: readonly Entry[]
  /** How far each module has applied the events about it. */
  readonly positions: readonly { readonly module: string; readonly subscription: string; readonly key: string; readonly position: number }[]
  /** Of the requests and work that moved it: what to look for in logs and traces. */
  readonly traceIds: readonly string[]
}

/**
 * Asks every module through its contract. The first round tells under what other names the thing goes, the second asks for
 * those too. Throws `Problem`: not-found when nobody knows it.
 */
export async function timelineOf(control: Pick<Control, 'client'>, modules: readonly string[], id: string): Promise<Timeline> {
  const ask = (asked: { ids: string[]; organizationId?: string }) =>
    Promise.all(modules.map(async (module) => ({ module, ...(await control.client(platformContract(module)).timeline(asked)) })))
  const first = await ask({ ids: [id] })
  const organizationId = first.find((found) => found.organizationId !== undefined)?.organizationId
  const ids = [...new Set(first.flatMap((found) => found.ids))]
  const all = await ask({ ids: ids.slice(0, 100), ...(organizationId !== undefined && { organizationId }) })
  const entries = all
    .flatMap(({ module, entries: of }) => of.map((entry) => ({ module, ...entry })))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  if (entries.length === 0) {
    throw new Problem('not-found', `No module knows ${id}; give the id of a credential, as /v1/credentials answers it.`)
  }
  return {
    id,
    entries,
    positions: all.flatMap(({ module, positions }) => positions.map((position) => ({ module, ...position }))),
    traceIds: [...new Set(entries.flatMap(({ traceId }) => traceId ?? []))],
  }
}

const marks: Record<Entry['source'], string> = { fact: '', step: 'step ', event: 'event ', heard: 'waits with event ', audit: 'audit ' }

const line = ({ at, module, source, what, details, traceId }: Entry): string => {
  const told = Object.entries(details).map(([name, value]) => `${name}=${value}`)
  return [`${at}  ${module.padEnd(12)}  ${marks[source]}${what}`, ...told, ...(traceId === undefined ? [] : [`trace=${traceId}`])].join('  ')
}

/** `vellum trace CREDENTIAL_ID`. */
export const traceCommand =
  (modules: readonly string[]): AddCommands =>
  (program, run) => {
    program
      .command('trace <credential>')
      .description('what happened to one credential, in all modules, in the order of time')
      .option('--json', 'one line of JSON')
      .action((credential, { json }) =>
        run(async (control) => {
          const timeline = await timelineOf(control, modules, credential)
          answer(json, timeline, [
            ...timeline.entries.map(line),
            ...timeline.positions.map(({ module, subscription, key, position }) =>
              `${module} has applied ${subscription} of ${key} up to ${position}.`),
          ])
        }),
      )
  }
