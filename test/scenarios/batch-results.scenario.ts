import assert from 'node:assert/strict'
import { readZip } from '../issuance/read-zip.ts'
import { batchOf, finishedBatch, sendFile } from './batches.ts'
import { expectProblem, expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { scenario, type World } from './scenario.ts'
import { until } from './until.ts'

interface Told {
  readonly event: string
  readonly id: string
  readonly batch: any
}

/** What a stream of events tells until it ends by itself. */
async function* told(response: Response): AsyncGenerator<Told> {
  let text = ''
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece
    for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n')) {
      const lines = new Map(text.slice(0, at).split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
      text = text.slice(at + 2)
      if (lines.has('data')) yield { event: lines.get('event') ?? '', id: lines.get('id') ?? '', batch: JSON.parse(lines.get('data')!) }
    }
  }
}

const following = async (world: World, issuer: Issuer, id: string, init: { signal?: AbortSignal; lastEventId?: string } = {}): Promise<Response> =>
  (await world.installation.fetch(`/v1/batches/${id}/events`, {
    headers: { authorization: `Bearer ${issuer.token}`, ...(init.lastEventId !== undefined && { 'last-event-id': init.lastEventId }) },
    ...(init.signal && { signal: init.signal }),
  })) as unknown as Response

export default [
  scenario('a batch is followed to its end, and tells how fast it goes', async (world) => {
    const issuer = await world.issuer()
    const rows = Array.from({ length: 20 }, (_, n) => `Person ${n},${issuer.email(`told-${n}`)},Compilers`)
    const { id } = await sendFile(issuer, ['name,email,course', ...rows, 'No Address,,Compilers', ''].join('\n'), { query: '?notify=false' })
    const response = await following(world, issuer, id)
    assert.deepEqual([response.status, response.headers.get('content-type'), response.headers.get('cache-control')], [200, 'text/event-stream', 'no-store'])
    const events = await Array.fromAsync(told(response))
    const last = events.at(-1)!
    assert.deepEqual(events.map(({ event }) => event), [...events.slice(1).map(() => 'batch'), 'end'])
    assert.equal(new Set(events.map((one) => one.id)).size, events.length, 'Nothing is told twice.')
    assert.deepEqual(last.batch, await batchOf(issuer, id))
    const { state, stages, rate, remainingSeconds } = last.batch
    assert.deepEqual({ state, stages, rate, remainingSeconds }, { state: 'finished', stages: { read: 21, accepted: 20, issued: 20 }, rate: null, remainingSeconds: null })
    for (const { batch } of events) {
      assert.ok(batch.stages.read >= batch.stages.accepted && batch.stages.accepted >= batch.stages.issued)
      if (batch.state === 'issuing' && batch.stages.issued > 0) assert.ok(batch.rate > 0 && batch.remainingSeconds >= 0, JSON.stringify(batch))
    }
    assert.equal((await following(world, issuer, id, { lastEventId: last.id })).status, 204)
    assert.deepEqual(await Array.fromAsync(told(await following(world, issuer, id))), [last])
    expectStatus(await issuer.ask('HEAD', `/v1/batches/${id}/events`), 200)
    expectProblem(await (await world.issuer()).ask('GET', `/v1/batches/${id}/events`), 404, 'not-found')
  }),

  scenario('an organization follows so many batches at a time, and who goes away leaves their place', async (world) => {
    const issuer = await world.issuer()
    // With a fast machine a file may be through before it can be paused.
    const id = await until('a batch to be paused', async () => {
      const tag = Math.random().toString(36).slice(2)
      const rows = Array.from({ length: 20 }, (_, n) => `Person ${n},${issuer.email(`${tag}-${n}`)},Compilers`)
      const sent = await sendFile(issuer, ['name,email,course', ...rows, ''].join('\n'), { query: '?notify=false' })
      return (await issuer.ask('POST', `/v1/batches/${sent.id}/pause`)).status === 200 && sent.id
    })
    const leaving = new AbortController()
    const follow = () => following(world, issuer, id, { signal: leaving.signal })
    const all = await Promise.all(Array.from({ length: 20 }, follow))
    assert.deepEqual([...new Set(all.map(({ status }) => status))], [200])
    // Each process has its limit, and there may be several.
    let more = await follow()
    for (let count = 1; more.status === 200 && count < 100; count++) more = await follow()
    assert.equal(more.status, 429)
    assert.match(await more.text(), /rate-limited/)
    leaving.abort()
    const again = await until('a place to be free', async () => {
      const response = await following(world, issuer, id)
      if (response.status === 200) return response
      await response.body?.cancel()
      return undefined
    })
    expectStatus(await issuer.ask('POST', `/v1/batches/${id}/resume`), 200)
    assert.equal((await Array.fromAsync(told(again))).at(-1)?.batch.state, 'finished')
  }),

  scenario('the certificates of a batch come as one archive, in the order of its file', async (world) => {
    const issuer = await world.issuer()
    const people = ['Zoe\u0308 Müller', 'نوف الكافي', 'Ada Lovelace', 'Ada Lovelace', '../../AC/DC', 'Revoked', 'Erased']
    const rows = people.map((name, n) => `${name},${issuer.email(`zip-${n}`)},Compilers`).toSpliced(2, 0, 'Refused,,Compilers')
    const { id } = await sendFile(issuer, ['name,email,course', ...rows, ''].join('\n'), { query: '?notify=false' })
    await finishedBatch(issuer, id)
    const archive = (who = issuer, method = 'GET') => who.ask(method, `/v1/batches/${id}/certificates.zip`)
    const names = async () => (await readZip(expectStatus(await archive(), 200).bytes)).map(({ name }) => name)
    assert.equal((await names()).length, people.length)

    const credentials = expectStatus(await issuer.ask('GET', `/v1/credentials?batch=${id}`), 200).json.credentials
    const of = (name: string) => credentials.find(({ recipient }: any) => recipient.name === name)
    expectStatus(await issuer.ask('POST', `/v1/credentials/${of('Revoked').id}/revoke`, { json: {} }), 200)
    expectStatus(await issuer.ask('DELETE', `/v1/recipients/${of('Erased').recipient.id}`), 200)
    await until('the erased to be left out', async () => (await names()).length === people.length - 2)

    const answer = expectStatus(await archive(), 200)
    assert.equal(answer.headers.get('content-type'), 'application/zip')
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="batch-[0-9a-f-]+-certificates\.zip"$/)
    const files = await readZip(answer.bytes)
    assert.deepEqual(
      files.map(({ name }) => name),
      ['0001 Zoë Müller.pdf', '0002 نوف الكافي.pdf', '0004 Ada Lovelace.pdf', '0005 Ada Lovelace.pdf', '0006 _.._AC_DC.pdf'],
    )
    for (const { name, content } of files) assert.equal(content.subarray(0, 5).toString('latin1'), '%PDF-', name)
    const alone = expectStatus(await issuer.ask('GET', `/v1/credentials/${of('نوف الكافي').id}/certificate.pdf`), 200)
    assert.ok(alone.bytes.equals(files[1]!.content))

    expectStatus(await archive(issuer, 'HEAD'), 200)
    expectProblem(await archive(await world.issuer()), 404, 'not-found')
    const nobody = await finishedBatch(issuer, (await sendFile(issuer, `name,email,course\n${rows[0]}\n`)).id)
    assert.equal(nobody.created, 0)
    expectProblem(await issuer.ask('GET', `/v1/batches/${nobody.id}/certificates.zip`), 409, 'state-refused')
  }),
]
