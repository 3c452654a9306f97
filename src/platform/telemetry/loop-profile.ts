import inspector from 'node:inspector'

/** Whose code was on the main thread during a time, in seconds of the wall clock. */
export interface LoopUse {
  /** By module; what the platform and the runtime do for nobody in particular is in `busy` alone. */
  readonly modules: Readonly<Record<string, number>>
  /** Everything but waiting. */
  readonly busy: number
}

export interface LoopProfile {
  /** Since it was last asked. */
  take(): LoopUse
  stop(): void
}

interface Node {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

/** As V8's sampling profiler tells it (Chrome DevTools Protocol, `Profiler.Profile`). */
export interface Profile {
  readonly nodes: readonly Node[]
  readonly samples?: readonly number[]
  /** Microseconds. */
  readonly timeDeltas?: readonly number[]
}

const samplingMicroseconds = 10_000

/** The module in whose folder a script lies. */
export const moduleOfScript = (path: string): string | undefined => /\/src\/modules\/([^/]+)\//.exec(path)?.[1]

/**
 * Samples this thread a hundred times in a second. A profile that runs on while the next begins costs a tenth of a
 * millisecond to change; only the first start reads all code, some 100 ms, so it comes before the listeners.
 * @returns undefined where the runtime has no profiler
 */
export function profileLoop(): LoopProfile | undefined {
  let session: inspector.Session
  let finished: Profile | undefined
  let number = 0
  // Typed for a page; the runtime's own has these two, bound to the sessions of this process.
  const console = (inspector as unknown as { console?: { profile?(name: string): void; profileEnd?(name: string): void } }).console
  if (!console?.profile || !console.profileEnd) return undefined
  const { profile, profileEnd } = console
  const name = (n: number) => `vellum load ${n}`
  try {
    session = new inspector.Session()
    session.connect()
    session.on('Profiler.consoleProfileFinished', ({ params }) => void (finished = params.profile as Profile))
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: samplingMicroseconds })
    profile(name(number))
    profile(name(++number))
    profileEnd(name(number - 1))
  } catch {
    return undefined
  }
  // Deno has the names, and nothing comes of them.
  if (!finished) {
    session.disconnect()
    return undefined
  }
  return {
    take() {
      finished = undefined
      profile(name(++number))
      profileEnd(name(number - 1))
      return finished ? useOf(finished) : { modules: {}, busy: 0 }
    },
    stop() {
      profileEnd(name(number))
      session.disconnect()
    },
  }
}

/** A sample counts for the module whose code is nearest to the top of the stack: what it calls works for it. */
export function useOf({ nodes, samples = [], timeDeltas = [] }: Profile): LoopUse {
  const owners = new Map<number, string | undefined>()
  const idle = new Set<number>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const visit = (node: Node, inherited: string | undefined): void => {
    const owner = moduleOfScript(node.callFrame.url) ?? inherited
    owners.set(node.id, owner)
    if (node.callFrame.functionName === '(idle)') idle.add(node.id)
    for (const child of node.children ?? []) visit(byId.get(child)!, owner)
  }
  if (nodes[0]) visit(nodes[0], undefined)
  const modules: Record<string, number> = {}
  let busy = 0
  for (const [at, sample] of samples.entries()) {
    if (idle.has(sample)) continue
    const seconds = Math.max(timeDeltas[at] ?? 0, 0) / 1e6
    busy += seconds
    const owner = owners.get(sample)
    if (owner !== undefined) modules[owner] = (modules[owner] ?? 0) + seconds
  }
  return { modules, busy }
}
