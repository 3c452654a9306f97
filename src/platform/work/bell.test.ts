import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { bell } from './bell.ts'

test('waiting a hundred times leaves nothing behind on the signal', async () => {
  const { signal } = new AbortController()
  const door = bell()
  for (let i = 0; i < 100; i++) {
    const waited = door.wait(1_000, signal)
    door.ring()
    await waited
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('a ring while nobody waits is kept, and a stop ends the waiting', async () => {
  const stop = new AbortController()
  const door = bell()
  door.ring()
  await door.wait(60_000, stop.signal)
  setTimeout(() => stop.abort(), 10)
  await door.wait(60_000, stop.signal)
})
