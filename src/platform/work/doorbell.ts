/**
 * Wakes the runners of a module: it says only that a kind may have due steps, never which. A lost ring costs one sweep
 * interval, because what is due stands in SQL.
 */
export interface Doorbell {
  ring(kind: string): void
  /** Calls the listener at every ring until the returned function is called. */
  listen(listener: (kind: string) => void): () => void
  close(): Promise<void>
}
