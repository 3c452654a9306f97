import { Readable } from 'node:stream'
import type { Context, Hono } from 'hono'
import type { Logger } from 'pino'
import { z } from 'zod'
import { loadBlobs, loadRows, type LoadTarget, prepareTables } from '../backup/load-module.ts'
import { readRows } from '../backup/rows-file.ts'
import { callHeaders } from '../call/headers.ts'
import { bearerOf, type ServiceTokens } from '../call/service-token.ts'
import { dropDatabase, setDatabaseAside } from '../database/emptiness.ts'
import { problemOf, problemResponse } from '../http/problem-response.ts'
import { Problem } from '../problem.ts'
import { type Placement, readPlacements, writePlacement } from './placement.ts'

export const handoverActions = ['leave', 'stay', 'finish', 'rows', 'blobs', 'begin', 'forget'] as const
export type HandoverAction = (typeof handoverActions)[number]

export const handoverPath = (module: string, action: HandoverAction | ':action' | 'state'): string => `/internal/${module}/handover/${action}`

export interface HandoverOptions {
  readonly module: string
  readonly dataDir: string
  /** The module as it would be loaded here. */
  readonly target: () => Promise<LoadTarget>
  /** Whether events reach other processes. */
  readonly redis: boolean
  /** Starts the process anew, in itself, with what the placements say by then. */
  readonly replace: () => void
  readonly tokens: ServiceTokens
  readonly log: Logger
}

/**
 * The steps of a move, each durable before it is answered and safe to be asked for again: docs/decisions/0183. `POST`, by
 * the command line alone.
 */
export function mountHandover(app: Hono, { module, dataDir, target, redis, replace, tokens, log }: HandoverOptions): void {
  const here = (): Placement | undefined => readPlacements(dataDir)[module]
  const startedAs = here()?.state
  const refuse = (): never => {
    throw new Problem('state-refused', `${module} is ${here()?.state ?? 'here'} in this process: this step of a move is not the next one.`)
  }
  const place = (placement: Placement | undefined) => writePlacement(dataDir, module, placement)
  /** The answer goes out first. */
  const startAnew = () => void setTimeout(replace, 50)

  /** Of the move that is meant: another one overtook it, or called it back. */
  const awaited = (move: string) => {
    const now = here()
    return now?.state === 'awaited' && now.move === move ? now : refuse()
  }
  let loading = false
  /** One at a time: a second would empty what the first fills. */
  async function load(work: () => Promise<void>): Promise<void> {
    if (loading) throw new Problem('conflict', `${module} is being loaded already: wait for the other command.`)
    loading = true
    await work().finally(() => (loading = false))
  }

  const actions: Record<HandoverAction, (c: Context, move: string) => Promise<void>> = {
    async leave(c, move) {
      const { to } = z.object({ to: z.url() }).parse(await c.req.json())
      if (here() !== undefined) refuse()
      if (!redis) throw new Problem('state-refused', 'Set REDIS_URL here and there first, and start again: events of modules that run apart travel through Redis.')
      await place({ state: 'leaving', to, move })
      startAnew()
    },
    async stay(_, move) {
      const now = here()
      if (now?.state !== 'leaving' || now.move !== move) return refuse()
      await place(undefined)
      startAnew()
    },
    async finish(_, move) {
      const now = here()
      if (now?.state === 'gone') return
      if (now?.state !== 'leaving' || now.move !== move) return refuse()
      await place({ state: 'gone', to: now.to })
      await setDatabaseAside(module, (await target()).url)
    },
    rows: (c, move) =>
      load(async () => {
        const now = here()
        if (now?.state !== 'awaited' && now?.state !== 'gone') return refuse()
        const forgotten = now.state === 'awaited' ? now.forgotten : []
        if (forgotten.includes(move)) return refuse()
        const from = now.state === 'gone' ? now.to : now.from
        const begun: Placement = { state: 'awaited', loaded: 'nothing', move, forgotten, ...(from !== undefined && { from }) }
        await place(begun)
        const to = await target()
        await dropDatabase(module, to.url)
        const file = await readRows(bodyOf(c))
        if (file.head.module !== module) throw new Problem('bad-request', `These are the rows of ${file.head.module}.`)
        await prepareTables(to, file.head.migrations)
        await loadRows(to, [file], () => false)
        await place({ ...awaited(move), loaded: 'rows' })
      }),
    blobs: (c, move) =>
      load(async () => {
        if (awaited(move).loaded === 'nothing') refuse()
        await loadBlobs((await target()).files, bodyOf(c))
        await place({ ...awaited(move), loaded: 'all' })
      }),
    async begin(_, move) {
      if (awaited(move).loaded !== 'all') refuse()
      await place(undefined)
      startAnew()
    },
    async forget(_, move) {
      const now = here()
      if (now?.state === 'gone') return place({ state: 'awaited', loaded: 'nothing', forgotten: [move], from: now.to })
      if (now?.state !== 'awaited') return refuse()
      await place({ ...now, loaded: 'nothing', forgotten: [...now.forgotten, move] })
    },
  }

  app.get(handoverPath(module, 'state'), (c) => answered(c, async () => {}))
  app.post(handoverPath(module, ':action'), (c) =>
    answered(c, async () => {
      const action = handoverActions.find((known) => known === c.req.param('action'))
      if (!action) throw new Problem('not-found', 'A move has no such step.')
      await actions[action](c, z.string().min(1).parse(c.req.query('move')))
    }))

  async function answered(c: Context, work: () => Promise<void>): Promise<Response> {
    try {
      const caller = await tokens.verify(bearerOf(c.req.header(callHeaders.authorization)), module)
      if (caller !== 'cli') throw new Problem('forbidden', 'A module is moved by the command line alone.')
      await work()
      const now = here()
      return c.json({ ...(now ?? { state: 'here' }), settled: now?.state === startedAs })
    } catch (error) {
      return problemResponse(problemOf(error, log))
    }
  }
}

const bodyOf = (c: Context): AsyncIterable<Uint8Array> => Readable.fromWeb(c.req.raw.body as never)
