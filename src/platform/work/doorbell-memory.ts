/**
 * Wakes the runners of a module: it says only that a kind may have due steps, never which. A lost ring costs one sweep
 * interval, because what is due stands in SQL.
 */
export interface Doorbell {
  ring(kind: string): void
  /** Calls the listener at every ring until the returned function is called. */
  listen(listener: (kind: string) => void): () => void
}

/** The doorbell inside one process. */
export function memoryDoorbell(): Doorbell {
  const listeners = new Set<(kind: string) => void>()
  return {
    ring(kind) {
      for (const listener of listeners) listener(kind)
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
