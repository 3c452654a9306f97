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
  readonly background: boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What became of a member, told to nobody before the commit. */
type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A group ends when it is this old, so that nobody waits long for its commit because many came at once. */
const groupMs = 50
const groupMembers = 200

/** A group for which somebody waits takes background work along for so long only. */
const patienceMs = 10

/**
 * Background work gathers for so many times what a commit takes here: at most about a tenth of this thread's time goes
 * into commits for which nobody waits. When the last commit is longer ago than that, it begins at once.
 */
const gatherFactor = 8
const gatherAtMostMs = 50
const commitMsAtMost = gatherAtMostMs / gatherFactor

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
 * Work for which nobody waits gathers a little where commits are slow, so that more of it shares one, and goes behind the rest.
 * @param mayGather asked each time; false: everything begins at once
 */
export function groupCommit(writer: GroupedWriter, { mayGather = () => true }: { mayGather?: () => boolean } = {}) {
  const queue: Member[] = []
  const pauses: { run: () => void; resolve: () => void; reject: (error: unknown) => void }[] = []
  let draining: Promise<void> | undefined
  /** Ends the gathering. */
  let hurry = () => {}
  /** Of late, in milliseconds. */
  let commitMs = 0
  let committedAt = Number.NEGATIVE_INFINITY

  /** Until background work has gathered, or something that cannot wait arrives. */
  async function gather(): Promise<void> {
    if (!mayGather()) return
    const waitMs = committedAt + commitMs * gatherFactor - performance.now()
    if (waitMs < 1 || queue.length >= groupMembers || pauses.length > 0 || queue.some((member) => !member.background)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, waitMs)
    hurry = resolve
    await promise
    clearTimeout(timer)
    hurry = () => {}
  }

  async function drain(): Promise<void> {
    // Whatever else arrives in this turn of the event loop belongs to the same group.
    await new Promise(setImmediate)
    while (queue.length > 0 || pauses.length > 0) {
      await gather()
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
      // Where somebody waits for this group, what nobody waits for has a short time of its own at its end.
      let endsAt = startedAt + groupMs
      let somebodyWaits = false
      while (queue.length > 0 && members.length < groupMembers && performance.now() < endsAt) {
        const member = queue.shift()!
        if (!member.background) somebodyWaits = true
        else if (somebodyWaits) {
          endsAt = Math.min(endsAt, performance.now() + patienceMs)
          somebodyWaits = false
        }
        members.push(member)
        outcomes.push(await runMember(member))
      }
      const commitAt = performance.now()
      writer.commit()
      committedAt = performance.now()
      commitMs += (Math.min(committedAt - commitAt, commitMsAtMost) - commitMs) / 4
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
    /** @param options `background`: nobody waits for it, so it may gather with others */
    enqueue: <R>(run: () => Promise<R>, { background = false }: { background?: boolean } = {}): Promise<R> =>
      new Promise<R>((resolve, reject) => {
        const member = { run, background, resolve: resolve as (value: unknown) => void, reject }
        // Before everything for which nobody waits, and behind everything else.
        const at = background ? -1 : queue.findIndex((other) => other.background)
        if (at < 0) queue.push(member)
        else queue.splice(at, 0, member)
        if (!background || queue.length >= groupMembers) hurry()
        draining ??= drain()
      }),
    /** Runs after the present group and before the next, outside any transaction. */
    between: (run: () => void): Promise<void> =>
      new Promise<void>((resolve, reject) => {
        pauses.push({ run, resolve, reject })
        hurry()
        draining ??= drain()
      }),
    idle: async () => {
      while (draining) await draining
    },
  }
}
