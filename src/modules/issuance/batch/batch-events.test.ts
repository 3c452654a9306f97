import { afterEach, beforeEach, expect, test } from 'vitest'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acme, file, type Issuance, type IssuanceProcess, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { createBatchEvents, streamLimits } from './batch-events.ts'

let issuance: Issuance
let here: IssuanceProcess
let batchId: string
beforeEach(async () => {
  issuance = await startIssuance(testDialects[0]![1])
  here = issuance.compose()
  batchId = (await here.ask('POST', '/v1/batches', file(0, 3))).json.id
})
afterEach(() => issuance.stop())

const follower = (mayStay = true) => ({ organizationId: acme, batchId, lastEventId: undefined, mayStay: async () => mayStay })

/** All that a stream says until it ends. */
const heard = async (stream: ReadableStream<Uint8Array>) => Buffer.concat(await Array.fromAsync(stream)).toString()

test('a stream ends when the process begins to stop, and none begins after that', async () => {
  const events = createBatchEvents(here.context)
  const streams = await Promise.all([events.follow(follower()), events.follow(follower())])
  issuance.stopping.abort()
  for (const stream of streams) expect(await heard(stream!)).toMatch(/^retry: 2000\n\nevent: batch\nid: \S{16}\ndata: \{.*\}\n\n$/)
  await expect(events.follow(follower())).rejects.toMatchObject({ code: 'unavailable' })
})

test('a stream ends when its token does', async () => {
  const events = createBatchEvents(here.context, { lookMs: 1, heartbeatMs: 0 })
  expect(await heard((await events.follow(follower(false)))!)).toMatch(/\n\n:\n\n$/)
})

test('so many follow at a time, and a place is free when a stream is left', async () => {
  const events = createBatchEvents(here.context)
  const streams = await Promise.all(Array.from({ length: streamLimits.ofOrganization }, () => events.follow(follower())))
  await expect(events.follow(follower())).rejects.toMatchObject({ code: 'rate-limited' })
  await streams[0]!.cancel()
  expect(await events.follow(follower())).toBeDefined()
})
