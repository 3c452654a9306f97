/** What one stage of the tests proved: how many checks passed, failed, were skipped. */
export type Tally = { passed: number, failed: number, skipped: number }

/** Adds tallies up. */
export const sum = (tallies: Tally[]): Tally =>
  tallies.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    { passed: 0, failed: 0, skipped: 0 },
  )

/** The closing line that people and machines read. */
export const closingLine = (tally: Tally): string =>
  `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`

/** A stage that counts nothing itself is one check, which its exit status decides. */
export const fromStatus = (status: number): Tally =>
  status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }

/** A stage that failed has failed at least once, whatever it counted. */
export const withStatus = (tally: Tally, status: number): Tally =>
  status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally

type Result = { status: string, message?: string, assertionResults: { status: string }[] }

/**
 * Counts the JSON report of vitest. A file that could not be loaded counts as one failure, and so does a report
 * without a single test: a run that tests nothing proves nothing.
 */
export function fromVitest(report: { testResults: Result[] }): Tally {
  const files = report.testResults.map(file => {
    const count = (...states: string[]) => file.assertionResults.filter(test => states.includes(test.status)).length
    const tally = { passed: count('passed'), failed: count('failed'), skipped: count('skipped', 'pending', 'todo', 'disabled') }
    return withStatus(tally, file.status === 'failed' ? 1 : 0)
  })
  const tally = sum(files)
  return tally.passed + tally.failed === 0 ? { ...tally, failed: 1 } : tally
}

/**
 * Finds the tally in what a stage printed: a last line `N passed, N failed, N skipped`, or a last line of JSON with
 * `placements`, each with these three numbers. Undefined when it printed neither.
 */
export function fromOutput(output: string): Tally | undefined {
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  const words = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(last)
  if (words) return { passed: Number(words[1]), failed: Number(words[2]), skipped: Number(words[3]) }
  if (!last.startsWith('{')) return undefined
  try {
    const { placements } = JSON.parse(last) as { placements?: Tally[] }
    return Array.isArray(placements) && placements.length > 0 ? sum(placements) : undefined
  } catch {
    return undefined
  }
}
