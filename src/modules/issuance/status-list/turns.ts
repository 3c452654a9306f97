/**
 * Runs what is given under one name one after the other, in the order in which it came: those who would change the same row
 * do not all begin at once to have all but one begin again. Other processes are not waited for.
 */
export function createTurns() {
  const last = new Map<string, Promise<unknown>>()
  return async <R>(name: string, work: () => Promise<R>): Promise<R> => {
    const before = last.get(name)
    const mine = (async () => {
      await before?.catch(() => {})
      return work()
    })()
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
