import { parseArgs } from 'node:util'
import { type Placement, placements } from '../placements.ts'
import access from './access.scenario.ts'
import anchor from './anchor.scenario.ts'
import { createAsk } from './ask.ts'
import apiKeys from './api-keys.scenario.ts'
import audit from './audit.scenario.ts'
import batch from './batch.scenario.ts'
import batchFiles from './batch-files.scenario.ts'
import batchOrders from './batch-orders.scenario.ts'
import batchResults from './batch-results.scenario.ts'
import exports from './export.scenario.ts'
import firstRun from './first-run.scenario.ts'
import keys from './keys.scenario.ts'
import issuing from './issuing.scenario.ts'
import { createIssuer } from './issuer.ts'
import oauthLibraries from './oauth-libraries.scenario.ts'
import pages from './pages.scenario.ts'
import people from './people.scenario.ts'
import passkeysPasswords from './passkeys-passwords.scenario.ts'
import pictures from './pictures.scenario.ts'
import recipients from './recipients.scenario.ts'
import restart from './restart.scenario.ts'
import sample from './sample.scenario.ts'
import type { Scenario, World } from './scenario.ts'
import signIn from './sign-in.scenario.ts'
import soundness from './soundness.scenario.ts'
import status from './status.scenario.ts'
import surface from './surface.scenario.ts'
import template from './template.scenario.ts'
import tenancy from './tenancy.scenario.ts'
import tokenKeys from './token-keys.scenario.ts'
import vcApi from './vc-api.scenario.ts'

interface Outcome {
  readonly name: string
  readonly processes: number
  passed: number
  failed: number
  /** Always 0: what cannot run somewhere has failed there. */
  readonly skipped: 0
}

const AT_ONCE_IN_A_PLACEMENT = 3
const PLACEMENTS_AT_ONCE = 2
const LIMIT_MS = 120_000

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    scenario: { type: 'string' },
  },
})

/** One after another, before the others. */
const opening: readonly Scenario[] = firstRun
/** Beside each other: they share an installation and nothing in it. */
const independent: readonly Scenario[] = [
  ...issuing, ...pictures, ...recipients, ...status, ...batch, ...batchFiles, ...batchOrders, ...batchResults, ...access, ...oauthLibraries, ...apiKeys, ...tenancy, ...people, ...signIn, ...passkeysPasswords, ...audit,
  ...surface, ...pages, ...template, ...vcApi, ...anchor, ...exports, ...keys, ...(values.full ? sample : []),
]
/** One after another, over what the others left behind. */
const closing: readonly Scenario[] = [...tokenKeys, ...restart, ...soundness]
const all = [...opening, ...independent, ...closing]

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`

/** Runs tasks with so many at a time, in their order. */
async function eachOf<T>(items: readonly T[], atOnce: number, run: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item)
    }),
  )
}

async function withinLimit(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${LIMIT_MS / 1_000} s.`)), LIMIT_MS)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

async function runIn(placement: Placement, chosen: readonly Scenario[]): Promise<Outcome> {
  const { name, processes } = placement
  const outcome: Outcome = { name, processes, passed: 0, failed: 0, skipped: 0 }
  const begun = performance.now()
  const fail = (what: string, error: unknown): void => {
    outcome.failed += 1
    say(`FAILED ${name}: ${what}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  let placed
  try {
    placed = await placement.start()
  } catch (error) {
    fail('the installation starts', error)
    return { ...outcome, failed: chosen.length }
  }
  say(`${name}: started in ${seconds(begun)}`)
  const { installation, anvil, openIdProvider, client, openDocument } = placed
  const ask = createAsk(installation)
  const world: World = { installation, anvil, openIdProvider, client, openDocument, ask, issuer: () => createIssuer({ client }, ask) }
  const run = async (one: Scenario): Promise<void> => {
    const started = performance.now()
    try {
      await withinLimit(one.run(world))
      outcome.passed += 1
      say(`passed ${name}: ${one.name} (${seconds(started)})`)
    } catch (error) {
      fail(`${one.name} (${seconds(started)})`, error)
    }
  }
  const atOnce = values.scenario === undefined ? AT_ONCE_IN_A_PLACEMENT : 1
  await eachOf(opening.filter((one) => chosen.includes(one)), 1, run)
  await eachOf(independent.filter((one) => chosen.includes(one)), atOnce, run)
  await eachOf(closing.filter((one) => chosen.includes(one)), 1, run)
  if (outcome.failed > 0) say(`The end of what ${name} printed:\n${installation.output().slice(-6_000)}`)
  const status = await placed.stop()
  if (status !== 0) fail(`the process ends in order (exit status ${status})`, installation.output().slice(-2_000))
  say(`${name}: ${outcome.passed} passed, ${outcome.failed} failed in ${seconds(begun)}`)
  return outcome
}

const unknown = (values.only ?? []).filter((name) => !placements.some((one) => one.name === name))
if (unknown.length > 0) {
  say(`There is no placement ${unknown.join(', ')}; choose from ${placements.map(({ name }) => name).join(', ')}.`)
  process.exit(64)
}
const where = placements.filter(({ name, long }) => values.only?.includes(name) ?? (values.full || !long))
const chosen = all.filter(({ name }) => values.scenario === undefined || name.includes(values.scenario))
const begun = performance.now()
const outcomes = new Map<string, Outcome>()
/** Of a module by itself what crosses its boundary, unless more is asked for. */
const asked = ({ alone }: Placement): readonly Scenario[] =>
  alone === undefined || values.full || values.scenario !== undefined ? chosen : chosen.filter(({ crosses }) => crosses.includes(alone))
await eachOf(where, PLACEMENTS_AT_ONCE, async (placement) => void outcomes.set(placement.name, await runIn(placement, asked(placement))))

const results = where.map(({ name }) => outcomes.get(name)!)
say(`${chosen.length} scenarios in ${where.length} placements, ${seconds(begun)}`)
for (const { name, passed, failed } of results) say(`${failed > 0 ? 'FAILED' : 'passed'} ${name}: ${passed} passed, ${failed} failed`)
if (values.json) process.stdout.write(`${JSON.stringify({ scenarios: chosen.length, placements: results })}\n`)
process.exit(chosen.length > 0 && results.every(({ failed }) => failed === 0) ? 0 : 1)
