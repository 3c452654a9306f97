/**
 * When a module should leave the process that it shares (docs/decisions/0171): only when it keeps the others waiting, because
 * everything else about a split costs. Pure: from what was measured to a verdict.
 */

/** What one process measured in a few seconds. Names are those of modules. */
export interface LoadWindow {
  readonly seconds: number
  readonly loopDelayP99Ms: number
  /** Seconds that the event loop did not wait for something to do. */
  readonly busy: number
  /** Seconds of the event loop by the module whose code ran. */
  readonly loop: Readonly<Record<string, number>>
  /** Processor seconds of worker threads. */
  readonly threads: Readonly<Record<string, number>>
  /** `{caller}>{module}`: calls that were answered. */
  readonly calls: Readonly<Record<string, number>>
  /** Events sent or applied. */
  readonly events: Readonly<Record<string, number>>
}

/** What is known of one module in one process. */
export interface ModuleLoad {
  readonly module: string
  readonly seconds: number
  readonly windows: number
  readonly callsPerSecond: number
  readonly eventsPerSecond: number
  /** Of one processor, threads included: 1 is a whole one. */
  readonly cpuShare: number
  readonly loopDelayP99Ms: number
  /** Windows in which this module held the event loop so long that others waited. */
  readonly strainedWindows: number
  /** The part of the event loop's time that it took in those. */
  readonly strainedShare: number
  /** Modules of that process, this one included. */
  readonly hosted: readonly string[]
  /** Whether the process can tell whose code ran. */
  readonly attributed: boolean
  /** What a call costs more over the network than in the process, in milliseconds, measured on this machine. */
  readonly callCostMs: number
}

export interface Advice {
  readonly module: string
  readonly callsPerSecond: number
  readonly eventsPerSecond: number
  readonly cpuShare: number
  readonly loopDelayP99Ms: number
  /** By which all its calls of one second together would take longer. */
  readonly addedLatencyMs: number
  readonly verdict: 'keep' | 'split' | 'unknown'
  readonly reason: string
}

/** A window is strained when one in a hundred timers comes later than this. */
export const strainMs = 100
/** … and by a module that takes more than half of the event loop's whole time. */
export const strainShare = 0.5
/** Fewer windows say nothing. */
export const leastWindows = 4
/** A burst ends by itself: only this many strained windows count, and this part of all. */
export const leastStrained = 4
export const leastStrainedPart = 0.2

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** What the windows of a process say about one of its modules. */
export function moduleLoad(
  module: string,
  windows: readonly LoadWindow[],
  about: Pick<ModuleLoad, 'hosted' | 'attributed' | 'callCostMs' | 'loopDelayP99Ms'>,
): ModuleLoad {
  const seconds = sum(windows.map((window) => window.seconds))
  const perSecond = (count: number) => (seconds === 0 ? 0 : count / seconds)
  const shareOf = (window: LoadWindow) => (window.loop[module] ?? 0) / window.seconds
  const strained = windows.filter((window) => window.loopDelayP99Ms >= strainMs && shareOf(window) > strainShare)
  return {
    module,
    seconds,
    windows: windows.length,
    callsPerSecond: perSecond(sum(windows.map(({ calls }) => callsAcross(module, calls)))),
    eventsPerSecond: perSecond(sum(windows.map(({ events }) => events[module] ?? 0))),
    cpuShare: perSecond(sum(windows.map(({ loop, threads }) => (loop[module] ?? 0) + (threads[module] ?? 0)))),
    strainedWindows: strained.length,
    strainedShare: strained.length === 0 ? 0 : sum(strained.map(shareOf)) / strained.length,
    ...about,
  }
}

/** Calls that a split would put on the network: of others to it, and its own to others. The command line is outside either way. */
function callsAcross(module: string, calls: Readonly<Record<string, number>>): number {
  return sum(Object.entries(calls).map(([pair, count]) => {
    const [caller, called] = pair.split('>')
    return caller !== 'cli' && caller !== called && (caller === module || called === module) ? count : 0
  }))
}

const percent = (part: number): string => `${Math.round(part * 100)} %`
const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))

export function advise(load: ModuleLoad): Advice {
  const addedLatencyMs = load.callsPerSecond * load.callCostMs
  const { verdict, reason } = judge(load, addedLatencyMs)
  return {
    module: load.module,
    callsPerSecond: rounded(load.callsPerSecond),
    eventsPerSecond: rounded(load.eventsPerSecond),
    cpuShare: rounded(load.cpuShare, 3),
    loopDelayP99Ms: rounded(load.loopDelayP99Ms),
    addedLatencyMs: rounded(addedLatencyMs),
    verdict,
    reason,
  }
}

function judge(load: ModuleLoad, addedLatencyMs: number): Pick<Advice, 'verdict' | 'reason'> {
  const { windows, seconds, hosted, attributed, strainedWindows, strainedShare, cpuShare, loopDelayP99Ms } = load
  if (hosted.length === 1) return keep('It runs alone already.')
  if (!attributed) return unknown('This process cannot tell whose code runs on its event loop (Deno and the single executable cannot); ask one that runs the sources on Node.')
  if (windows < leastWindows) return unknown(`Only ${Math.round(seconds)} s are measured; ask again after some minutes of ordinary work.`)
  if (strainedWindows < leastStrained || strainedWindows / windows < leastStrainedPart) {
    const used = `It uses ${percent(cpuShare)} of a processor`
    if (loopDelayP99Ms < strainMs) return keep(`${used}, and the event loop comes to 99 of 100 timers within ${Math.ceil(loopDelayP99Ms)} ms.`)
    return keep(`${used}; the event loop is late, but not for long because of this module.`)
  }
  const freedMs = strainedShare * 1_000
  if (addedLatencyMs >= freedMs) {
    return keep(`It holds the event loop, but so many calls cross its boundary that a split would add ${Math.round(addedLatencyMs)} ms to each second.`)
  }
  return {
    verdict: 'split',
    reason: `It held the event loop for ${percent(strainedShare)} of the time in ${strainedWindows} of ${windows} measured windows, and the others waited; ` +
      `see: vellum topology plan --split ${load.module}`,
  }
}

const keep = (reason: string) => ({ verdict: 'keep' as const, reason })
const unknown = (reason: string) => ({ verdict: 'unknown' as const, reason })
