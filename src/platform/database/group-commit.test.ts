import { describe, expect, it } from 'vitest'
import { Problem } from '../problem.ts'
import { type GroupedWriter, groupCommit } from './group-commit.ts'

/** Writes down what it is told, and fails where a test wants it to. */
function recordingWriter(fail: { commits?: number; beginAfter?: number } = {}) {
  const log: string[] = []
  let open = false
  let commits = 0
  const writer: GroupedWriter = {
    begin: () => void (log.push('begin'), (open = true)),
    commit: () => {
      if (++commits <= (fail.commits ?? 0)) {
        log.push('commit fails')
        throw new Error('disk full')
      }
      log.push('commit')
      open = false
    },
    rollback: () => void (log.push('rollback'), (open = false)),
    savepoint: () => void log.push('savepoint'),
    release: () => void log.push('release'),
    rollbackToSavepoint: () => void log.push('back'),
    inTransaction: () => open,
  }
  return { writer, log }
}

describe('a group', () => {
  it('shares one commit, runs strictly one after the other, and is answered after the commit', async () => {
    const { writer, log } = recordingWriter()
    const { enqueue } = groupCommit(writer)
    const member = (name: string) => enqueue(async () => {
      log.push(`${name} starts`)
      await new Promise((resolve) => setTimeout(resolve, 2))
      log.push(`${name} ends`)
    }).then(() => log.push(`${name} answered`))
    await Promise.all([member('a'), member('b')])
    expect(log).toEqual([
      'begin', 'savepoint', 'a starts', 'a ends', 'release', 'savepoint', 'b starts', 'b ends', 'release', 'commit',
      'a answered', 'b answered',
    ])
  })

  it('answers a failure after the commit too, for it may rest on what a neighbour wrote', async () => {
    const { writer, log } = recordingWriter()
    const { enqueue } = groupCommit(writer)
    const refused = enqueue(async () => Promise.reject(new Error('taken'))).catch(() => log.push('refusal answered'))
    await Promise.all([refused, enqueue(async () => log.push('neighbour'))])
    expect(log).toEqual([
      'begin', 'savepoint', 'back', 'savepoint', 'neighbour', 'release', 'commit', 'refusal answered',
    ])
  })

  it('runs each member again alone when the commit fails, and answers by that', async () => {
    const { writer, log } = recordingWriter({ commits: 2 })
    const { enqueue } = groupCommit(writer)
    const runs = { a: 0, b: 0 }
    const answers = await Promise.allSettled([
      enqueue(async () => ++runs.a),
      enqueue(async () => ++runs.b),
    ])
    expect(runs).toEqual({ a: 2, b: 2 })
    const [a, b] = answers
    expect(a).toMatchObject({ status: 'rejected', reason: { code: 'unavailable', status: 503 } })
    expect((a as PromiseRejectedResult).reason).toBeInstanceOf(Problem)
    expect(b).toEqual({ status: 'fulfilled', value: 2 })
    expect(log.filter((entry) => entry === 'rollback')).toHaveLength(2)
  })

  it('pauses for a checkpoint only between two transactions', async () => {
    const { writer, log } = recordingWriter()
    const { enqueue, between } = groupCommit(writer)
    const member = enqueue(async () => {})
    await Promise.all([member, between(() => log.push('checkpoint')), enqueue(async () => {})])
    expect(log.indexOf('checkpoint')).toBeGreaterThan(log.lastIndexOf('commit', log.indexOf('checkpoint')))
    expect(log.at(log.indexOf('checkpoint') - 1)).toBe('commit')
  })
})

describe('work for which nobody waits', () => {
  const slowWriter = () => {
    const { writer, log } = recordingWriter()
    const commit = () => {
      const until = performance.now() + 5
      while (performance.now() < until);
      writer.commit()
    }
    return { writer: { ...writer, commit }, commits: () => log.filter((entry) => entry === 'commit').length }
  }
  const work = async () => undefined
  const background = { background: true }

  it('begins at once when the last commit is long ago', async () => {
    const { writer, commits } = slowWriter()
    const { enqueue } = groupCommit(writer)
    await enqueue(work, background)
    expect(commits()).toBe(1)
  })

  it('gathers after a slow commit, so that what comes one after another shares the next', async () => {
    const { writer, commits } = slowWriter()
    const { enqueue } = groupCommit(writer)
    await enqueue(work)
    const waiting = []
    for (let i = 0; i < 3; i++) {
      waiting.push(enqueue(work, background))
      await new Promise(setImmediate)
    }
    await Promise.all(waiting)
    expect(commits()).toBe(2)
  })

  it('is taken along at once by work that somebody waits for', async () => {
    const { writer, commits } = slowWriter()
    const { enqueue } = groupCommit(writer)
    await enqueue(work)
    let answered = 0
    const count = () => void answered++
    void enqueue(work, background).then(count)
    await turns()
    expect(answered).toBe(0)
    void enqueue(work).then(count)
    await turns()
    expect(answered).toBe(2)
    expect(commits()).toBe(2)
  })

  it('goes behind what somebody waits for, but is not starved by it', async () => {
    const { writer } = recordingWriter()
    const { enqueue } = groupCommit(writer)
    const order: string[] = []
    const slow = (name: string, background: boolean) =>
      enqueue(async () => {
        order.push(name)
        const until = performance.now() + 6
        while (performance.now() < until);
      }, { background })
    const background = Array.from({ length: 12 }, (_, i) => slow(`background ${i}`, true))
    const answered = slow('request', false).then(() => order.push('request answered'))
    await Promise.all([...background, answered])
    expect(order[0]).toBe('request')
    const between = order.indexOf('request answered')
    // Some background work shares its commit, and the rest comes after its answer.
    expect(between).toBeGreaterThan(1)
    expect(between).toBeLessThan(6)
    expect(order).toHaveLength(14)
  })
})

/** A few turns of the event loop: no time for a timer of milliseconds, enough for what is due. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate)
}
