/**
 * One call at a time for each key. Who comes while one runs does not take its answer, which may be older than they are,
 * but shares the next with all who came meanwhile: every answer was asked for after the question.
 */
export function createSharedCalls<V>(call: (key: string) => Promise<V>): (key: string) => Promise<V> {
  const running = new Map<string, Promise<unknown>>()
  const waiting = new Map<string, Promise<V>>()

  function begin(key: string): Promise<V> {
    waiting.delete(key)
    const answer = call(key)
    const ended = answer.then(() => {}, () => {}).then(() => {
      if (running.get(key) === ended) running.delete(key)
    })
    running.set(key, ended)
    return answer
  }

  return (key) => {
    const before = running.get(key)
    if (before === undefined) return begin(key)
    const next = waiting.get(key) ?? before.then(() => begin(key))
    waiting.set(key, next)
    return next
  }
}
