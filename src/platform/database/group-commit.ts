import { Problem } from '../problem.ts'

/** The statements that a group is made of; each is synchronous and throws when it fails. */
export interface GroupedWriter {
  begin(): void
  commit(): void
  rollback(): void
  savepoint(): void
  release(): void
  rollbackToSavepoint(): void
  /** False after SQLite rolled everything back by itself, as it may on a full disk. */
  inTransaction(): boolean
}

interface Member {
  /** Runs in the context of whoever asked; settles within its time limit. */
  readonly run: () => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What became of a member, told to nobody before the commit. */
type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A group ends when it is this old, so that nobody waits long for its commit because many came at once. */
const groupMs = 50
const groupMembers = 200

const unavailable = (cause: unknown) =>
  new Problem('unavailable', 'The database cannot store anything at the moment; try again later.', {
    retryAfterSeconds: 5,
    cause,
  })

/**
 * Group commit: all work that waits when the writer becomes free shares one transaction and so one fsync. Within it they run
 * strictly one after the other, each in its own savepoint (interleaved savepoints lose writes), and every one is answered,
 * with success or failure, only after the commit: a failure too may rest on what a neighbour wrote and lost.
 * When the commit fails, the group is rolled back and each member runs again alone.
 */
export function groupCommit(writer: GroupedWriter) {
  const queue: Member[] = []
  const pauses: { run: () => void; resolve: () => void; reject: (error: unknown) => void }[] = []
  let draining: Promise<void> | undefined

  async function drain(): Promise<void> {
    // Whatever else arrives in this turn of the event loop belongs to the same group.
    await new Promise(setImmediate)
    while (queue.length > 0 || pauses.length > 0) {
      if (queue.length > 0) await runGroup()
      for (const pause of pauses.splice(0)) runPause(pause)
      await new Promise(setImmediate)
    }
    draining = undefined
  }

  async function runGroup(): Promise<void> {
    const members: Member[] = []
    const outcomes: Outcome[] = []
    const startedAt = performance.now()
    try {
      writer.begin()
    } catch (error) {
      for (const member of queue.splice(0, groupMembers)) member.reject(unavailable(error))
      return
    }
    try {
      while (queue.length > 0 && members.length < groupMembers && performance.now() - startedAt < groupMs) {
        const member = queue.shift()!
        members.push(member)
        outcomes.push(await runMember(member))
      }
      writer.commit()
    } catch {
      if (writer.inTransaction()) writer.rollback()
      for (const member of members) await runAlone(member)
      return
    }
    members.forEach((member, i) => answer(member, outcomes[i]!))
  }

  /** @throws when the surrounding transaction is gone or cannot go on; a failure of the member itself is an outcome */
  async function runMember(member: Member): Promise<Outcome> {
    writer.savepoint()
    try {
      const value = await member.run()
      writer.release()
      return { value }
    } catch (error) {
      if (!writer.inTransaction()) throw error
      writer.rollbackToSavepoint()
      return { error }
    }
  }

  async function runAlone(member: Member): Promise<void> {
    let outcome: Outcome
    try {
      writer.begin()
      outcome = await runMember(member)
      writer.commit()
    } catch (error) {
      try {
        if (writer.inTransaction()) writer.rollback()
      } catch {
        // The next begin fails and says so to its own members.
      }
      outcome = { error: unavailable(error) }
    }
    answer(member, outcome)
  }

  function runPause({ run, resolve, reject }: (typeof pauses)[number]): void {
    try {
      run()
      resolve()
    } catch (error) {
      reject(error)
    }
  }

  const answer = (member: Member, outcome: Outcome) =>
    'error' in outcome ? member.reject(outcome.error) : member.resolve(outcome.value)

  return {
    enqueue: <R>(run: () => Promise<R>): Promise<R> =>
      new Promise<R>((resolve, reject) => {
        queue.push({ run, resolve: resolve as (value: unknown) => void, reject })
        draining ??= drain()
      }),
    /** Runs after the present group and before the next, outside any transaction. */
    between: (run: () => void): Promise<void> =>
      new Promise<void>((resolve, reject) => {
        pauses.push({ run, resolve, reject })
        draining ??= drain()
      }),
    idle: async () => {
      while (draining) await draining
    },
  }
}
