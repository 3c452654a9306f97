import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { Problem } from '../problem.ts'
import { countEventOf, currentLoad } from './load.ts'

/**
 * What this process measures of itself, for `/metrics` on its internal listener (Prometheus text format 0.0.4). One for the
 * process, as spans are: calls and requests are counted deep inside the platform. Labels are names out of the code
 * (modules, operations, routes, kinds, outcomes), never an id, an address or anything that was sent.
 */

/** One value at one moment, read when somebody asks for it. */
export interface Measure {
  /** In Prometheus' manner, with its unit: `vellum_outbox_age_seconds`. */
  readonly name: string
  readonly help: string
  /** A `counter` only grows while the process lives. */
  readonly kind: 'gauge' | 'counter'
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Answers within a moment, by bounded queries; what it throws leaves its measures out. */
export type MeasureSource = () => Promise<readonly Measure[]>

const registry = new Registry()
const registers = [registry]
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const requests = new Histogram({
  name: 'vellum_request_seconds',
  help: 'Public requests, from their arrival to the beginning of their answer, by route.',
  labelNames: ['method', 'route', 'status'],
  buckets: seconds,
  registers,
})

const calls = new Histogram({
  name: 'vellum_call_seconds',
  help: 'Calls between modules. Side client: with the way there and back; side server: the operation alone.',
  labelNames: ['side', 'module', 'operation', 'outcome'],
  buckets: [0.0001, 0.00025, 0.0005, ...seconds],
  registers,
})

const steps = new Histogram({
  name: 'vellum_step_seconds',
  help: 'Steps, from their claim to the record of their outcome.',
  labelNames: ['module', 'kind', 'outcome'],
  buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
  registers,
})

const events = new Counter({
  name: 'vellum_events_total',
  help: 'Events: relayed by their publisher; applied, passed, retried or parked by a subscriber.',
  labelNames: ['module', 'event', 'outcome'],
  registers,
})

/** By the labels' values, because looking a series up costs more than adding to it. */
function kept<L extends Record<string, string>, S>(make: (labels: L) => S): (labels: L) => S {
  const known = new Map<string, S>()
  return (labels) => {
    let key = ''
    for (const name in labels) key += `${labels[name]}\n`
    let series = known.get(key)
    if (!series) known.set(key, (series = make(labels)))
    return series
  }
}

const requestSeries = kept((labels: { method: string; route: string; status: string }) => requests.labels(labels))
const stepSeries = kept((labels: { module: string; kind: string; outcome: string }) => steps.labels(labels))
const eventSeries = kept((labels: { module: string; event: string; outcome: string }) => events.labels(labels))

/** @param route the pattern, never the path as it was sent */
export const countRequest = (method: string, route: string, status: number, ms: number): void =>
  requestSeries({ method, route, status: `${Math.floor(status / 100)}xx` }).observe(ms / 1_000)

export const countStep = (module: string, kind: string, outcome: string, ms: number): void =>
  stepSeries({ module, kind, outcome }).observe(ms / 1_000)

export function countEvent(module: string, event: string, outcome: string): void {
  eventSeries({ module, event, outcome }).inc()
  countEventOf(module)
}

export type CallOutcome = 'ok' | 'refused' | 'failed'

/** `refused`: the caller is told what to do otherwise; `failed`: away, too late, or a fault of ours. */
export const outcomeOf = (error: unknown): CallOutcome => (error instanceof Problem && error.status < 500 ? 'refused' : 'failed')

/** For one operation on one side; made once, used for each call. `since` is of `performance.now()`. */
export function callTimer(side: 'client' | 'server', module: string, operation: string) {
  const series = kept(({ outcome }: { outcome: CallOutcome }) => calls.labels({ side, module, operation, outcome }))
  return (since: number, outcome: CallOutcome): void => series({ outcome }).observe((performance.now() - since) / 1_000)
}

const sources = new Set<MeasureSource>()

/** @returns takes it away again */
export function addMeasures(source: MeasureSource): () => void {
  sources.add(source)
  return () => void sources.delete(source)
}

let last: { readonly at: number; readonly text: Promise<string> } | undefined

/** The text of `/metrics`. What stands in SQL is read at most once in `keepMs`, however many ask. */
export function metricsText(keepMs: number): Promise<string> {
  const now = performance.now()
  if (!last || now - last.at > keepMs) last = { at: now, text: collect() }
  return last.text
}

export const metricsType = registry.contentType

async function collect(): Promise<string> {
  const read = await Promise.allSettled([ofProcess, ...sources].map((source) => source()))
  const measures = read.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const failed = read.filter(({ status }) => status === 'rejected').length
  const own = new Registry()
  const all = [...measures, unread(failed)]
  for (const [name, group] of Map.groupBy(all, ({ name: of }) => of)) {
    const { help, kind, labels } = group[0]!
    const options = { name, help, labelNames: Object.keys(labels), registers: [own] }
    if (kind === 'gauge') {
      const gauge = new Gauge(options)
      for (const one of group) gauge.set(one.labels, one.value)
    } else {
      const counter = new Counter(options)
      for (const one of group) counter.inc(one.labels, one.value)
    }
  }
  return `${await registry.metrics()}\n${await own.metrics()}`
}

const unread = (value: number): Measure => ({
  name: 'vellum_unread_measures',
  help: 'Modules whose measures could not be read just now: their database does not answer.',
  kind: 'gauge', labels: {}, value,
})

async function ofProcess(): Promise<Measure[]> {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const gauge = (name: string, help: string, value: number, labels = {}): Measure => ({ name, help, kind: 'gauge', labels, value })
  const { recentDelay: delay, totals } = currentLoad()
  return [
    gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    gauge('nodejs_heap_size_used_bytes', 'Used heap of the main thread.', heapUsed),
    gauge('nodejs_external_memory_bytes', 'Memory outside of the heap, such as buffers.', external),
    gauge('process_start_time_seconds', 'When the process began, in seconds since the epoch.', performance.timeOrigin / 1_000),
    { ...gauge('process_cpu_seconds_total', 'Processor time, all threads.', (user + system) / 1e6), kind: 'counter' },
    ...(delay ? [['0.5', delay.p50Ms], ['0.99', delay.p99Ms], ['1', delay.maxMs]] : []).map(([quantile, ms]) =>
      gauge('vellum_loop_delay_seconds', 'How late the event loop came to a timer, in the last five seconds.', Number(ms) / 1_000,
        { quantile: String(quantile) })),
    ...used('loop', totals.loop),
    ...used('threads', totals.threads),
    { ...gauge('vellum_loop_busy_seconds_total', 'Time in which the event loop did not wait for something to do.', totals.busy), kind: 'counter' },
  ]
}

const used = (on: 'loop' | 'threads', seconds: Readonly<Record<string, number>>): Measure[] =>
  Object.entries(seconds).map(([module, value]) => ({
    name: 'vellum_module_busy_seconds_total',
    help: 'Time that a module\'s own code, and what it called, took of the event loop or of its worker threads.',
    kind: 'counter', labels: { module, on }, value,
  }))
