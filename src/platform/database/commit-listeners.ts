import { inContext } from '../context.ts'
import type { Database } from './database.ts'
import type { Notices } from './transaction.ts'

type Listener = Parameters<Database['onCommit']>[0]

/** Who is told of commits. A listener that throws disturbs neither the others nor the transaction, which is done. */
export function commitListeners(onError: (error: unknown) => void) {
  const listeners: Listener[] = []
  return {
    add: (listener: Listener) => {
      listeners.push(listener)
    },
    tell({ events, stepKinds }: Notices) {
      if (events === 0 && stepKinds.size === 0) return
      const what = { events, stepKinds: [...stepKinds] }
      // Nothing of the committing request belongs to what a doorbell starts.
      inContext({}, () => {
        for (const listener of listeners) {
          try {
            listener(what)
          } catch (error) {
            onError(error)
          }
        }
      })
    },
  }
}
