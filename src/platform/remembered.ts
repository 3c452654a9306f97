/** Asks by key, and answers what was asked within the last minute from memory; a refusal is not kept. Bounded: the first put in go first. */
export function remembered<T>(now: () => Date, { maxAgeMs = 60_000, most = 1_000 } = {}): (key: string, ask: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { answer: Promise<T>; until: number }>()
  return (key, ask) => {
    const entry = known.get(key)
    const at = now().getTime()
    if (entry && entry.until > at) return entry.answer
    const answer = ask()
    known.delete(key)
    known.set(key, { answer, until: at + maxAgeMs })
    if (known.size > most) known.delete(known.keys().next().value!)
    answer.catch(() => known.delete(key))
    return answer
  }
}
