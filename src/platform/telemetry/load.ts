import { inExecutable } from '../executable.ts'
import { type LoadWindow, type ModuleLoad, moduleLoad } from './advise-rules.ts'
import { type LoopDelay, watchLoop } from './loop-delay.ts'
import { profileLoop } from './loop-profile.ts'
import { takeThreadUse } from './thread-use.ts'

/**
 * What this process measures of itself all the time, for `vellum advise` and `/metrics`: who used the event loop, how late it
 * was, who called whom. One for the process. It names modules and nothing else.
 */

/** Kept: an hour of windows of five seconds. */
const windowsKept = 720

let calls: Record<string, number> = {}
let events: Record<string, number> = {}

/** In the call server: one addition. */
export function countCall(module: string, caller: string): void {
  const pair = `${caller}>${module}`
  calls[pair] = (calls[pair] ?? 0) + 1
}

/** An event that a module has sent, or has applied. */
export function countEventOf(module: string): void {
  events[module] = (events[module] ?? 0) + 1
}

export interface Load {
  readonly windows: readonly LoadWindow[]
  /** Whether this runtime can tell whose code is on the event loop. */
  readonly attributed: boolean
  /** Since the process began. */
  readonly loopDelay: LoopDelay | undefined
  /** Of the last window; before the first has ended, of the time so far. */
  readonly recentDelay: LoopDelay | undefined
  /** Seconds since the process began, by module. */
  readonly totals: { readonly loop: Readonly<Record<string, number>>; readonly threads: Readonly<Record<string, number>>; readonly busy: number }
}

let read: () => Load = () => ({
  windows: [], attributed: false, loopDelay: undefined, recentDelay: undefined, totals: { loop: {}, threads: {}, busy: 0 },
})

export const currentLoad = (): Load => read()

/** What was measured of one module of this process. */
export function loadOf(module: string, about: Pick<ModuleLoad, 'hosted' | 'callCostMs'>): ModuleLoad {
  const { windows, attributed, loopDelay } = read()
  return moduleLoad(module, windows, { ...about, attributed, loopDelayP99Ms: loopDelay?.p99Ms ?? 0 })
}

/**
 * Begins to measure, in windows of so many milliseconds.
 * @returns ends it
 */
export function startLoad(windowMs: number): () => void {
  const loop = watchLoop()
  // In the executable all code is one script.
  const profile = inExecutable ? undefined : profileLoop()
  const windows: LoadWindow[] = []
  const totals = { loop: {} as Record<string, number>, threads: {} as Record<string, number>, busy: 0 }
  let recentDelay: LoopDelay | undefined
  let since = performance.now()
  calls = {}
  events = {}

  async function close(): Promise<void> {
    const now = performance.now()
    const seconds = (now - since) / 1_000
    since = now
    const delay = loop.take()
    const use = profile?.take() ?? { modules: {}, busy: 0 }
    const counted = { calls, events }
    calls = {}
    events = {}
    const inThreads = await takeThreadUse()
    recentDelay = delay
    add(totals.loop, use.modules)
    add(totals.threads, inThreads)
    totals.busy += use.busy
    windows.push({ seconds, loopDelayP99Ms: delay?.p99Ms ?? 0, busy: use.busy, loop: use.modules, threads: inThreads, ...counted })
    if (windows.length > windowsKept) windows.shift()
  }

  const timer = setInterval(() => void close(), windowMs)
  timer.unref?.()
  read = () => ({ windows, attributed: profile !== undefined, loopDelay: loop.overall(), recentDelay: recentDelay ?? loop.overall(), totals })
  return () => {
    clearInterval(timer)
    loop.stop()
    profile?.stop()
  }
}

function add(to: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) to[name] = (to[name] ?? 0) + value
}
