import type { Doorbell } from './doorbell.ts'

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
    async close() {
      listeners.clear()
    },
  }
}
