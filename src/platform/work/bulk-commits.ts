import { type Context, currentContext, inContext } from '../context.ts'
import type { Transaction } from '../database/database.ts'
import type { PlatformDatabase, RawTransaction } from '../database/transaction.ts'

/** What is written together with the record that a piece of work is done. */
export type Effect<T> = void | ((tx: Transaction<T>) => Promise<void>)

export interface BulkOptions<I> {
  /**
   * Records that these items are done.
   * @returns those whose record it was; of the others another has taken care, and their effects do not run
   */
  readonly fence: (raw: RawTransaction, items: readonly I[]) => Promise<ReadonlySet<I>>
  /** What an item is refused with that the fence left out. */
  readonly lost: () => Error
}

interface Waiting<T, I> {
  readonly item: I
  readonly effect: Effect<T>
  readonly context: Context
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** What may share a transaction. */
interface Queue<T, I> {
  readonly context: Context
  readonly waiting: Waiting<T, I>[]
  /** A transaction was asked for and takes what waits when it begins. */
  asked: boolean
  bulks: number
}

/** So few that a request that waits behind one does not notice it. */
const itemsAtMost = 50
const bulksAtOnce = 2

/**
 * Commits the ends of many pieces of work in one transaction, each with its effect, one after the other and each in the
 * context in which it was handed in. If anything fails, all of it is rolled back and each is committed alone, so that
 * a failure concerns its own item: an effect may run several times. What waits is taken when the transaction begins, so
 * that more gathers the longer a commit takes. On Postgres only items of one organization share a transaction, which
 * sees the rows of no other.
 * @returns a function that resolves when the item and its effect are durable
 */
export function bulkCommits<T, I>(database: PlatformDatabase<T>, { fence, lost }: BulkOptions<I>) {
  const queues = new Map<string, Queue<T, I>>()

  function ask(id: string, queue: Queue<T, I>): void {
    if (queue.asked || queue.bulks >= bulksAtOnce || queue.waiting.length === 0) return
    queue.asked = true
    queue.bulks++
    void commitBulk(id, queue).finally(() => {
      queue.bulks--
      if (queue.bulks === 0 && queue.waiting.length === 0) queues.delete(id)
      else ask(id, queue)
    })
  }

  async function commitBulk(id: string, queue: Queue<T, I>): Promise<void> {
    let taken: Waiting<T, I>[] | undefined
    const take = () => {
      // A second run of the transaction has the same.
      if (taken) return taken
      taken = queue.waiting.splice(0, itemsAtMost)
      queue.asked = false
      ask(id, queue)
      return taken
    }
    try {
      tell(take(), await commit(queue.context, take))
    } catch (error) {
      const [only, ...others] = take()
      if (others.length === 0) return only?.reject(error)
      await Promise.all(take().map((one) =>
        commit(one.context, () => [one]).then((held) => tell([one], held), one.reject)))
    }
  }

  const commit = (context: Context, take: () => readonly Waiting<T, I>[]): Promise<ReadonlySet<I>> =>
    inContext(context, () => database.platformTransaction(async (tx, raw) => {
      const bulk = take()
      const held = await fence(raw, bulk.map(({ item }) => item))
      for (const { item, effect, context } of bulk) {
        if (effect && held.has(item)) await inContext({ ...context, transaction: true }, () => effect(tx))
      }
      return held
    }, { background: true }))

  const tell = (bulk: readonly Waiting<T, I>[], held: ReadonlySet<I>) => {
    for (const { item, resolve, reject } of bulk) {
      if (held.has(item)) resolve()
      else reject(lost())
    }
  }

  return (item: I, effect: Effect<T>): Promise<void> =>
    new Promise((resolve, reject) => {
      const context = currentContext()
      const { organizationId } = context
      const id = database.dialect === 'postgres' ? organizationId ?? '' : ''
      let queue = queues.get(id)
      if (!queue) {
        queue = { context: id === '' ? {} : { organizationId: organizationId! }, waiting: [], asked: false, bulks: 0 }
        queues.set(id, queue)
      }
      queue.waiting.push({ item, effect, context, resolve, reject })
      ask(id, queue)
    })
}
