import { describe, expect, it } from 'vitest'
import { type Advice, advise, leastWindows, type LoadWindow, moduleLoad, strainMs } from './advise-rules.ts'

const window = (over: Partial<LoadWindow> = {}): LoadWindow =>
  ({ seconds: 5, loopDelayP99Ms: 20, busy: 1, loop: {}, threads: {}, calls: {}, events: {}, ...over })

const about = { hosted: ['press', 'shop'], attributed: true, callCostMs: 0.8, loopDelayP99Ms: 20 }

const adviceFor = (windows: readonly LoadWindow[], over: Partial<typeof about> = {}, module = 'press'): Advice =>
  advise(moduleLoad(module, windows, { ...about, ...over }))

const times = (count: number, one: LoadWindow): LoadWindow[] => Array.from({ length: count }, () => one)

/** The event loop stands for a quarter of a second again and again, nearly always in the code of one module. */
const burning = window({ loopDelayP99Ms: 250, busy: 4.5, loop: { press: 4, shop: 0.2 } })

describe('a module', () => {
  it('that does little stays, and its figures are told', () => {
    const quiet = window({ loop: { press: 0.5 }, threads: { press: 2 }, calls: { 'shop>press': 10, 'press>shop': 5, 'cli>press': 99 }, events: { press: 20 } })
    expect(adviceFor(times(10, quiet))).toEqual({
      module: 'press', callsPerSecond: 3, eventsPerSecond: 4, cpuShare: 0.5, loopDelayP99Ms: 20, addedLatencyMs: 2.4,
      verdict: 'keep', reason: expect.stringContaining('50 % of a processor'),
    })
  })

  it('that keeps the others waiting is split off, and the others stay', () => {
    const windows = times(10, burning)
    expect(adviceFor(windows)).toMatchObject({ verdict: 'split', reason: expect.stringContaining('topology plan --split press') })
    expect(adviceFor(windows, {}, 'shop')).toMatchObject({ verdict: 'keep' })
  })

  it('stays when nobody waits, however much it works', () => {
    expect(adviceFor(times(10, { ...burning, loopDelayP99Ms: strainMs - 1 })).verdict).toBe('keep')
    expect(adviceFor(times(10, window({ threads: { press: 9 } }))).verdict).toBe('keep')
  })

  it('stays when the event loop is late because of something else', () => {
    expect(adviceFor(times(10, window({ loopDelayP99Ms: 400, busy: 4.9, loop: { press: 1.5, shop: 1.4 } }))).verdict).toBe('keep')
  })

  it('stays when it was a burst that ended by itself', () => {
    expect(adviceFor([...times(3, burning), ...times(7, window())]).verdict).toBe('keep')
    expect(adviceFor([...times(5, burning), ...times(50, window())]).verdict).toBe('keep')
  })

  it('stays when the calls across its boundary would cost more than it frees', () => {
    const chatty = times(10, { ...burning, calls: { 'shop>press': 6_000 } })
    expect(adviceFor(chatty)).toMatchObject({ verdict: 'keep', addedLatencyMs: 960 })
  })

  it('that runs alone stays', () => {
    expect(adviceFor(times(10, burning), { hosted: ['press'] })).toMatchObject({ verdict: 'keep', reason: 'It runs alone already.' })
  })

  it('is not judged by too little, nor where nobody can tell whose code ran', () => {
    expect(adviceFor([])).toMatchObject({ verdict: 'unknown', callsPerSecond: 0, cpuShare: 0 })
    expect(adviceFor(times(leastWindows - 1, burning))).toMatchObject({ verdict: 'unknown', reason: expect.stringContaining('15 s') })
    expect(adviceFor(times(10, burning), { attributed: false }).verdict).toBe('unknown')
  })
})
