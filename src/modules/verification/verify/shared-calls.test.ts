import { expect, test } from 'vitest'
import { createSharedCalls } from './shared-calls.ts'

test('who comes while a call runs shares the next one, and never gets an answer that was asked for before they came', async () => {
  let asked = 0
  const open: (() => void)[] = []
  const call = createSharedCalls(async (key) => {
    const number = ++asked
    await new Promise<void>((done) => open.push(done))
    if (number === 2) throw new Error('away')
    return `${key} ${number}`
  })
  const first = call('a')
  const other = call('b')
  open.splice(0).forEach((done) => done())
  expect(await first).toBe('a 1')
  await expect(other).rejects.toThrow('away')

  const running = call('a')
  const [second, third] = [call('a'), call('a')]
  expect(asked).toBe(3)
  open.splice(0).forEach((done) => done())
  expect(await running).toBe('a 3')
  await new Promise((done) => setImmediate(done))
  expect(asked).toBe(4)
  const late = call('a')
  open.splice(0).forEach((done) => done())
  expect(await Promise.all([second, third])).toEqual(['a 4', 'a 4'])
  await new Promise((done) => setImmediate(done))
  open.splice(0).forEach((done) => done())
  expect(await late).toBe('a 5')
  await new Promise((done) => setImmediate(done))
  const afterwards = call('a')
  open.splice(0).forEach((done) => done())
  expect(await afterwards).toBe('a 6')
})

test('a call that fails fails for all who shared it, and the next is made', async () => {
  let asked = 0
  const call = createSharedCalls(async () => {
    await Promise.resolve()
    if (++asked === 2) throw new Error('away')
    return asked
  })
  const outcomes = await Promise.allSettled([call('a'), call('a'), call('a')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(await call('a')).toBe(3)
})
