import { describe, expect, it } from 'vitest'
import { closingLine, fromOutput, fromStatus, fromVitest, sum, withStatus } from './tally.ts'

const file = (status: string, ...tests: string[]) => ({ status, assertionResults: tests.map(status => ({ status })) })

describe('the count of a test run', () => {
  it('adds stages up into the closing line', () => {
    const total = sum([fromStatus(0), fromStatus(2), { passed: 5, failed: 0, skipped: 1 }])
    expect(closingLine(total)).toBe('6 passed, 1 failed, 1 skipped')
  })

  it('counts a stage that failed without counting as one failure', () => {
    expect(withStatus({ passed: 7, failed: 0, skipped: 0 }, 1).failed).toBe(1)
    expect(withStatus({ passed: 7, failed: 3, skipped: 0 }, 1).failed).toBe(3)
  })

  it('counts tests of vitest by their state, with todo and pending as skipped', () => {
    const report = { testResults: [file('passed', 'passed', 'passed', 'pending', 'todo'), file('failed', 'failed')] }
    expect(fromVitest(report)).toEqual({ passed: 2, failed: 1, skipped: 2 })
  })

  it('counts a test file that could not be loaded as a failure', () => {
    expect(fromVitest({ testResults: [file('passed', 'passed'), file('failed')] }).failed).toBe(1)
  })

  it('counts a run without a single test as a failure', () => {
    expect(fromVitest({ testResults: [] }).failed).toBe(1)
  })

  it('reads the closing line of another runner, and only its last line', () => {
    expect(fromOutput('…\n3 passed, 1 failed, 0 skipped\n')).toEqual({ passed: 3, failed: 1, skipped: 0 })
    expect(fromOutput('3 passed, 1 failed, 0 skipped\nand then it crashed\n')).toBeUndefined()
  })

  it('reads the placements of the topologies', () => {
    const placements = [{ name: 'mono', passed: 9, failed: 0, skipped: 0 }, { name: 'wire', passed: 8, failed: 1, skipped: 0 }]
    expect(fromOutput(`{"scenarios":9,"placements":${JSON.stringify(placements)}}`))
      .toEqual({ passed: 17, failed: 1, skipped: 0 })
    expect(fromOutput('{"scenarios":9,"placements":[]}')).toBeUndefined()
    expect(fromOutput('{not json')).toBeUndefined()
  })
})
