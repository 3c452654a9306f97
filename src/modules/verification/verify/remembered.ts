/**
 * Values by text for a while, a bounded number of them: the one that was put in first goes first.
 *
 * @param most how many values are kept.
 * @param forMs how long each is good.
 */
export function createRemembered<V>({ most, forMs, now }: { most: number; forMs: number; now: () => Date }) {
  const entries = new Map<string, { until: number; value: V }>()
  return {
    get(key: string): V | undefined {
      const entry = entries.get(key)
      return entry !== undefined && entry.until > now().getTime() ? entry.value : undefined
    },
    set(key: string, value: V): void {
      entries.delete(key)
      entries.set(key, { until: now().getTime() + forMs, value })
      if (entries.size > most) entries.delete(entries.keys().next().value!)
    },
  }
}
