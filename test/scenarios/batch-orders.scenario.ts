import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { batchOf, finishedBatch, sendFile } from './batches.ts'
import { expectProblem, expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

/** More than are begun at once. */
const people = 60
const fileOf = (issuer: Issuer, group: string): string =>
  ['name,email,course', ...Array.from({ length: people }, (_, n) => `Person ${n},${issuer.email(`${group}-${n}`)},Compilers`), ''].join('\n')

/** The batch once nothing moves any more: what was begun before an order is done in a moment. */
async function standing(issuer: Issuer, id: string) {
  for (let before = await batchOf(issuer, id), attempt = 1; ; attempt++) {
    await delay(1_500)
    const now = await batchOf(issuer, id)
    if (attempt === 10 || isDeepStrictEqual(now.progress, before.progress)) return now
    before = now
  }
}

/** A file whose order came before all of it was begun: with a fast machine not always the first that is sent. */
async function caught(issuer: Issuer, order: string): Promise<{ id: string; file: string }> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    const file = fileOf(issuer, `${order}-${attempt}`)
    const { id } = await sendFile(issuer, file, { query: '?notify=false' })
    const answer = await issuer.ask('POST', `/v1/batches/${id}/${order}`)
    if (answer.status === 409) continue
    expectStatus(answer, 200)
    if ((await standing(issuer, id)).progress.issued !== people) return { id, file }
    if (order === 'pause') expectStatus(await issuer.ask('POST', `/v1/batches/${id}/resume`), 200)
  }
  throw new Error(`Ten files of ${people} were issued before the order to ${order} came.`)
}

export default [
  scenario('a paused batch stands still until it is resumed, and then goes on to its end', async (world) => {
    const issuer = await world.issuer()
    const { id } = await caught(issuer, 'pause')
    assert.equal(expectStatus(await issuer.ask('POST', `/v1/batches/${id}/pause`), 200).json.state, 'paused')
    const still = await batchOf(issuer, id)
    await delay(1_000)
    assert.deepEqual(await batchOf(issuer, id), still)
    assert.equal(still.state, 'paused')
    assert.ok((still.progress.issued ?? 0) < people)
    assert.deepEqual(expectStatus(await issuer.ask('GET', '/v1/batches?state=paused'), 200).json.batches.map((one: any) => one.id), [id])
    // Others are served meanwhile.
    await issuer.issue()
    expectStatus(await issuer.ask('POST', `/v1/batches/${id}/resume`), 200)
    expectStatus(await issuer.ask('POST', `/v1/batches/${id}/resume`), 200)
    const done = await finishedBatch(issuer, id)
    assert.deepEqual([done.state, done.created, done.progress], ['finished', people, { issued: people }])
    expectProblem(await issuer.ask('POST', `/v1/batches/${id}/pause`), 409, 'state-refused')
    expectProblem(await issuer.ask('POST', `/v1/batches/${id}/cancel`), 409, 'state-refused')
    expectProblem(await (await world.issuer()).ask('POST', `/v1/batches/${id}/pause`), 404, 'not-found')
  }),

  scenario('a cancelled batch issues nothing more, and its file can be sent again', async (world) => {
    const issuer = await world.issuer()
    const { id, file } = await caught(issuer, 'cancel')
    expectStatus(await issuer.ask('POST', `/v1/batches/${id}/cancel`), 200)
    const over = await finishedBatch(issuer, id)
    assert.equal(over.state, 'cancelled')
    assert.equal((over.progress.issued ?? 0) + (over.progress.cancelled ?? 0), over.created)
    expectProblem(await issuer.ask('POST', `/v1/batches/${id}/resume`), 409, 'state-refused')
    const issued = expectStatus(await issuer.ask('GET', `/v1/credentials?batch=${id}&state=issued`), 200).json.credentials.length
    const taken = expectStatus(await issuer.ask('GET', `/v1/credentials?batch=${id}&state=cancelled`), 200).json.credentials
    for (const { publicUrl } of taken.slice(0, 2)) expectStatus(await world.ask('GET', publicUrl), 404)
    const again = await finishedBatch(issuer, (await sendFile(issuer, file, { query: '?notify=false' })).id)
    assert.deepEqual([again.created, again.existing, again.progress], [people - issued, issued, { issued: people - issued }])
    const last = await until('the batch to stay as it was', () => batchOf(issuer, id))
    assert.deepEqual(last.progress, over.progress)
  }),
]
