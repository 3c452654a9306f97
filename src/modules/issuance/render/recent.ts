/** Keeps what was asked for lately, up to a weight; the longest unused goes first. */
export type Recent<T> = {
  /** The value of the key, made once; what fails is not kept. */
  get(key: string, make: () => Promise<T>): Promise<T>
}

export function createRecent<T>(most: number, weigh: (value: T) => number): Recent<T> {
  const kept = new Map<string, { value: Promise<T>; weight: number }>()
  let total = 0

  function drop(key: string): void {
    total -= kept.get(key)?.weight ?? 0
    kept.delete(key)
  }

  return {
    get(key, make) {
      const found = kept.get(key)
      if (found) {
        kept.delete(key)
        kept.set(key, found)
        return found.value
      }
      const entry = { value: make(), weight: 0 }
      kept.set(key, entry)
      entry.value.then(
        (value) => {
          if (kept.get(key) !== entry) return
          entry.weight = weigh(value)
          total += entry.weight
          for (const oldest of kept.keys()) {
            if (total <= most) break
            drop(oldest)
          }
        },
        () => kept.get(key) === entry && drop(key),
      )
      return entry.value
    },
  }
}
