import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { type Redis, startRedis } from '../../../test/servers/redis.ts'
import { createKeyRing } from '../crypto/key-ring.ts'
import { createRedis, type RedisParts } from './redis.ts'

const log = pino({ level: 'silent' })
let server: Redis | undefined
const opened: RedisParts[] = []
const open = (url: string, secret: number): RedisParts => {
  const parts = createRedis({ url, serviceSecret: new Uint8Array(32).fill(secret), log })
  opened.push(parts)
  return parts
}
afterEach(async () => {
  for (const parts of opened.splice(0)) await parts.bus.close().then(() => parts.close())
  await server?.stop()
})

test('what one process forgets the others forget too, and another installation does not', async () => {
  server = await startRedis()
  let erased = false
  const fetches = [0, 0, 0]
  const ring = (at: number) => createKeyRing({
    async fetchKeys(subjects) {
      fetches[at]!++
      return subjects.map((subject) => ({ subject, version: 1, key: erased ? null : Buffer.alloc(32).toString('base64'), erased }))
    },
  })
  const [first, second, stranger] = [[1, 0], [1, 1], [2, 2]].map(([secret, at]) => open(server!.url, secret!).shareForgetting(ring(at!))) as
    [ReturnType<typeof ring>, ReturnType<typeof ring>, ReturnType<typeof ring>]
  for (const keys of [first, second, stranger]) await keys.load(['person'])
  erased = true
  await expect.poll(async () => {
    first.forget('person')
    await second.load(['person'])
    return second.isErased('person')
  }, { timeout: 10_000, interval: 50 }).toBe(true)
  await stranger.load(['person'])
  expect([stranger.isErased('person'), fetches[2]]).toEqual([false, 1])
})
