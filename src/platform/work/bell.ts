/** Something to wait for until someone rings or time is up; a ring while nobody waits is kept. */
export function bell() {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },
    async wait(ms: number, signal: AbortSignal): Promise<void> {
      if (!rung && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const timer = setTimeout(resolve, Math.max(Math.ceil(ms), 1))
        const stop = () => resolve()
        signal.addEventListener('abort', stop, { once: true })
        wake = resolve
        await promise
        wake = undefined
        // The signal lives as long as the process: what stays on it adds up.
        signal.removeEventListener('abort', stop)
        clearTimeout(timer)
      }
      rung = false
    },
  }
}
