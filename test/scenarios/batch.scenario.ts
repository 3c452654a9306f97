import assert from 'node:assert/strict'
import { batchCounts, finishedBatch, sendFile } from './batches.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { mailsTo } from './mails.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

const csv = { 'content-type': 'text/csv' }

export default [
  scenario('a file issues its good records, tells why the others are refused, and may be sent again', async (world) => {
    const issuer = await world.issuer()
    const email = issuer.email
    const file = [
      'Full name,E-Mail,Course,Completed on,External ID,Language',
      `Ada Lovelace,${email('ada')},Distributed Systems,2026-01-01,EXT-1,en`,
      `"O'Brien, María-José ""Pepa""",${email('pepa')},Diseño de experiencias,2026-02-02,EXT-2,es`,
      `No Address,,Distributed Systems,2026-01-01,BAD-1,en`,
      `الكافي نوف,${email('nuf')},مقدمة في أمن المعلومات,2026-03-03,EXT-3,ar`,
      `"Two`,
      `Lines",${email('lines')},Distributed Systems,2026-01-01,BAD-2,en`,
      `Bad Date,${email('date')},Distributed Systems,2026-02-30,BAD-3,en`,
      `Ada Again,${email('again')},Distributed Systems,2026-01-01,EXT-1,en`,
      `Short,${email('short')}`,
      `<img src=x onerror=alert(1)>,${email('img')},机器学习入门,2026-04-04,EXT-4,zh`,
      `Long,${email('long')},Distributed Systems,2026-01-01,BAD-4,en,more`,
      `Two Emails,a@example.org;b@example.org,Distributed Systems,2026-01-01,BAD-5,en`,
      '',
    ].join('\r\n')
    const first = await finishedBatch(issuer, (await sendFile(issuer, file)).id)
    assert.deepEqual(batchCounts(first), { state: 'finished', rows: 11, created: 4, existing: 0, refused: 7 })
    assert.deepEqual(first.progress, { issued: 4 })

    const { errors } = expectStatus(await issuer.ask('GET', `/v1/batches/${first.id}/errors`), 200).json
    assert.deepEqual(
      errors.map(({ line, record, column, code }: any) => [line, record, column, code]),
      [
        [4, 3, 'E-Mail', 'required'],
        [6, 5, 'Full name', 'line-break'],
        [8, 6, 'Completed on', 'date-invalid'],
        [9, 7, 'External ID', 'duplicate-in-file'],
        [10, 8, 'Course', 'record-short'],
        [12, 10, null, 'record-long'],
        [13, 11, 'E-Mail', 'email-several'],
      ],
    )
    for (const { message } of errors) assert.ok(typeof message === 'string' && message.endsWith('.'), message)

    const again = await finishedBatch(issuer, (await sendFile(issuer, file)).id)
    assert.deepEqual(batchCounts(again), { state: 'finished', rows: 11, created: 0, existing: 4, refused: 7 })
    assert.match(again.summary, /nothing new/i)
    const { credentials } = expectStatus(await issuer.ask('GET', '/v1/credentials'), 200).json
    assert.equal(credentials.length, 4)
    const ofBatch = expectStatus(await issuer.ask('GET', `/v1/credentials?batch=${first.id}&limit=2`), 200).json
    assert.equal(ofBatch.credentials.length, 2)
    const rest = expectStatus(await issuer.ask('GET', `/v1/credentials?batch=${first.id}&limit=2&after=${ofBatch.next}`), 200).json
    assert.equal(rest.next, null)
    const ids = [...ofBatch.credentials, ...rest.credentials].map(({ id }: any) => id)
    assert.deepEqual(new Set(ids), new Set(credentials.map(({ id }: any) => id)))

    const img = credentials.find(({ recipient }: any) => recipient.email === email('img'))
    await issuer.published(img.publicUrl)
    const page = expectStatus(await world.ask('GET', img.publicUrl, { headers: { accept: 'text/html' } }), 200)
    assert.ok(!page.text.includes('<img src=x') && page.text.includes('&lt;img src=x'), 'A name is markup on the page.')
    for (const { recipient } of credentials) {
      const mails = await until(`an e-mail to ${recipient.email}`, async () => {
        const found = await mailsTo(world.installation.mailDir, recipient.email)
        return found.length > 0 && found
      })
      assert.equal(mails.length, 1)
    }
  }, ['identity', 'issuance', 'notification']),

  scenario('columns can be named, and one achievement can stand for a whole file', async (world) => {
    const issuer = await world.issuer()
    const file = `who;where\nAda Lovelace;${issuer.email('ada')}\nGrace Hopper;${issuer.email('grace')}\n`
    const query = '?column.name=who&column.email=where&achievement=Compilers&notify=false'
    const batch = await finishedBatch(issuer, (await sendFile(issuer, file, { query })).id)
    assert.deepEqual(batchCounts(batch), { state: 'finished', rows: 2, created: 2, existing: 0, refused: 0 })
    const { credentials } = expectStatus(await issuer.ask('GET', '/v1/credentials'), 200).json
    assert.deepEqual(credentials.map(({ achievement }: any) => achievement.name), ['Compilers', 'Compilers'])
    assert.equal(new Set(credentials.map(({ achievement }: any) => achievement.id)).size, 1, 'One achievement per course of a file.')
  }),

  scenario('a file sent twice with one idempotency key is one batch', async (world) => {
    const issuer = await world.issuer()
    const file = `name,email,course\nAda Lovelace,${issuer.email('ada')},Distributed Systems\n`
    const post = (body: string) => issuer.ask('POST', '/v1/batches', { body, headers: { ...csv, 'idempotency-key': 'file' } })
    const [one, two] = [expectStatus(await post(file), 202), expectStatus(await post(file), 202)]
    assert.equal(two.text, one.text)
    expectProblem(await post(`${file}Grace Hopper,${issuer.email('grace')},Compilers\n`), 422, 'idempotency-mismatch')
    assert.deepEqual(batchCounts(await finishedBatch(issuer, one.json.id)), { state: 'finished', rows: 1, created: 1, existing: 0, refused: 0 })
    assert.equal(expectStatus(await issuer.ask('GET', '/v1/batches'), 200).json.batches.length, 1)
  }),

  scenario('a file that cannot be read says so', async (world) => {
    const issuer = await world.issuer()
    const post = (body: string | Uint8Array) => issuer.ask('POST', '/v1/batches', { body, headers: csv })
    const lacking = expectProblem(await post('a,b\n1,2\n'), 422, 'validation-failed')
    assert.deepEqual(lacking.json.missing, ['name', 'email'])
    expectProblem(await post(''), 422, 'validation-failed')
    expectProblem(await post(Buffer.from('name,email,course\nJ\xfcrgen,a@example.org,x\n', 'latin1')), 422, 'validation-failed')
    const open = await finishedBatch(issuer, (await sendFile(issuer, `name,email,course\nAda,${issuer.email('ada')},"never closed\n`)).id)
    assert.deepEqual([open.created, open.refused], [0, 0])
    assert.match(open.failure, /^Line 2: .*quote/)
    expectProblem(await issuer.ask('POST', '/v1/batches', { json: {} }), 415, 'unsupported-media-type')
    expectProblem(await issuer.ask('POST', '/v1/batches?template=no-such-template', { body: 'name,email\n', headers: csv }), 404, 'not-found')
  }),
]
