import { randomInt } from 'node:crypto'
import { inspect, parseArgs } from 'node:util'
import audit from './audit.fault.ts'
import backup from './backup.fault.ts'
import canary from './canary.fault.ts'
import chain from './chain.fault.ts'
import clocks from './clocks.fault.ts'
import erasure from './erasure.fault.ts'
import failpoints from './failpoints.fault.ts'
import type { Fault } from './fault.ts'
import killedProcess from './killed-process.fault.ts'
import keys from './keys.fault.ts'
import largeFile from './large-file.fault.ts'
import mailFaults from './mail-faults.fault.ts'
import move from './move.fault.ts'
import network from './network.fault.ts'
import placement from './placement.fault.ts'
import { randomOf } from './random.ts'
import redisFull from './redis-full.fault.ts'
import rollingRestart from './rolling-restart.fault.ts'
import sqliteBusy from './sqlite-busy.fault.ts'
import stopUnderLoad from './stop-under-load.fault.ts'
import wrongKey from './wrong-key.fault.ts'

const faults: readonly Fault[] = [
  ...killedProcess, ...failpoints, ...largeFile, ...wrongKey, ...canary, ...audit, ...stopUnderLoad, ...mailFaults, ...backup, ...move, ...chain,
  ...rollingRestart, ...redisFull, ...clocks, ...sqliteBusy, ...placement, ...network, ...keys, ...erasure,
]

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
})

const numberOf = (name: 'minutes' | 'seed'): number | undefined => {
  const text = values[name]
  if (text === undefined || /^\d+$/.test(text)) return text === undefined ? undefined : Number(text)
  process.stderr.write(`--${name} is a number, not ${text}.\n`)
  process.exit(64)
}
const [given, minutes] = [numberOf('seed'), numberOf('minutes')!]
// A soak has the time for the long ones.
const full = values.full || values.soak
const chosen = faults.filter(({ name, long }) => name.includes(values.only ?? '') && (full || !long))
/** Most of a fault is waiting for processes to start. */
const atOnce = 2

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const told = { passed: 0, failed: 0 }

async function run(fault: Fault, seed: number): Promise<void> {
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`
  // Told at the end, because two run beside each other.
  const notes: string[] = []
  const note = (text: string) => void notes.push(`\n    ${text}`)
  try {
    await fault.run({ random: randomOf(seed), full, say: note })
    told.passed++
    say(`ok  ${fault.name} (${seconds()})${notes.join('')}`)
  } catch (error) {
    told.failed++
    say(`FAILED  ${fault.name} (${seconds()}, seed ${seed})${notes.join('')}\n${inspect(error)}`)
  }
}

/** @param goOn asked before each; no more begin when it says no */
async function runAll(seed: number, goOn = () => true): Promise<void> {
  const waiting = chosen.values()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const fault of waiting) {
      if (!goOn()) return
      await run(fault, seed)
    }
  }))
}

/** Again and again, each round with another seed, which follows from the first, until something fails or the time is over. */
async function soak(first: number): Promise<void> {
  const endsAt = performance.now() + minutes * 60_000
  const goOn = () => told.failed === 0 && performance.now() < endsAt
  for (let round = 0; goOn() && chosen.length > 0; round++) {
    const seed = (first + round) % 2 ** 31
    say(`Round ${round + 1}: the same moments with --full --seed ${seed}.`)
    await runAll(seed, goOn)
  }
}

const seed = given ?? randomInt(2 ** 31)
if (values.soak) await soak(seed)
else {
  say(`Seed ${seed}: the same moments with --seed ${seed}.`)
  await runAll(seed)
}
// Nothing that ran proves nothing.
if (told.passed + told.failed === 0) told.failed++
say(`${told.passed} passed, ${told.failed} failed, 0 skipped`)
process.exit(told.failed > 0 ? 1 : 0)
