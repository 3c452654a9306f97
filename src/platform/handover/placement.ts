import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { placeFile } from '../blobs/durable-files.ts'
import type { Topology } from '../topology.ts'

/**
 * Where a module of this process is, other than `MODULES` says: docs/decisions/0183. `leaving`: nobody runs it, and its rows may be
 * fetched. `gone`: it runs at `to`. `awaited`: it is to come. Every move has an id, so that a command that was overtaken does nothing more.
 */
export const Placement = z.discriminatedUnion('state', [
  z.object({ state: z.literal('leaving'), to: z.url(), move: z.string() }),
  z.object({ state: z.literal('gone'), to: z.url() }),
  z.object({
    state: z.literal('awaited'),
    /** What of it is here, of that move. */
    loaded: z.enum(['nothing', 'rows', 'all']),
    move: z.string().optional(),
    /** Moves that were called back. */
    forgotten: z.array(z.string()).default([]),
    /** Where it runs as long as it is awaited, if that is known. */
    from: z.url().optional(),
  }),
])
export type Placement = z.output<typeof Placement>
export type Placements = Readonly<Record<string, Placement>>

const fileOf = (dataDir: string): string => join(dataDir, 'placement.json')

/** What a move has left behind here; nothing when there never was one. */
export function readPlacements(dataDir: string): Placements {
  if (!existsSync(fileOf(dataDir))) return {}
  return z.record(z.string(), Placement).parse(JSON.parse(readFileSync(fileOf(dataDir), 'utf8')))
}

/** The same at a start. A process that awaits its modules (`AWAIT_MOVE`) runs none of them until a move has brought it. */
export function openPlacements(dataDir: string, modules: readonly string[], awaitMove: boolean): Placements {
  if (awaitMove && !existsSync(fileOf(dataDir))) {
    const awaited = Object.fromEntries(modules.map((module) => [module, { state: 'awaited', loaded: 'nothing' }]))
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(fileOf(dataDir), `${JSON.stringify(awaited, undefined, 2)}\n`, { mode: 0o600 })
  }
  return readPlacements(dataDir)
}

/** Durable when it resolves. Undefined: the module is where `MODULES` says. */
export async function writePlacement(dataDir: string, module: string, placement: Placement | undefined): Promise<void> {
  const { [module]: _, ...others } = readPlacements(dataDir)
  const all = placement === undefined ? others : { ...others, [module]: placement }
  await placeFile(fileOf(dataDir), join(dataDir, `.placement.${randomUUID()}.tmp`), Buffer.from(`${JSON.stringify(all, undefined, 2)}\n`))
}

/** A module that leaves, is gone or is awaited runs in no case here. */
export function withPlacements(topology: Topology, placements: Placements): Topology {
  const remote = { ...topology.remote }
  for (const [module, placement] of Object.entries(placements)) {
    const at = placement.state === 'awaited' ? placement.from : placement.to
    if (topology.hosted.includes(module) && at !== undefined) remote[module] = [at]
  }
  return { ...topology, hosted: topology.hosted.filter((name) => !(name in placements)), remote }
}
