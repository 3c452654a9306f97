import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workbook } from '../issuance/workbook.ts'
import { batchCounts, finishedBatch, sendFile } from './batches.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { scenario } from './scenario.ts'

const ndjson = 'application/x-ndjson'
const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

export default [
  scenario('lines of JSON are issued like rows, and a bad line is refused alone', async (world) => {
    const issuer = await world.issuer()
    const email = issuer.email
    const file = [
      JSON.stringify({ name: 'Ada Lovelace', email: email('ada'), achievement: 'Compilers', completedOn: '2026-01-01', externalId: 17 }),
      '{"name":"Broken',
      '',
      JSON.stringify({ name: 'الكافي نوف', email: email('nuf'), achievement: 'مقدمة', locale: 'ar' }),
      JSON.stringify({ name: 'Unknown', email: email('unknown'), achievement: 'Compilers', course: 'Compilers' }),
      JSON.stringify({ name: ['Two', 'Names'], email: email('two'), achievement: 'Compilers' }),
      JSON.stringify({ name: 'No Achievement', email: email('none') }),
      '[]',
    ].join('\n')
    const batch = await finishedBatch(issuer, (await sendFile(issuer, file, { type: ndjson })).id)
    assert.deepEqual(batchCounts(batch), { state: 'finished', rows: 7, created: 2, existing: 0, refused: 5 })
    const { errors } = expectStatus(await issuer.ask('GET', `/v1/batches/${batch.id}/errors`), 200).json
    assert.deepEqual(
      errors.map(({ line, record, column, code }: any) => [line, record, column, code]),
      [
        [2, 2, null, 'json-invalid'],
        [5, 4, null, 'field-unknown'],
        [6, 5, 'name', 'not-text'],
        [7, 6, 'achievement', 'required'],
        [8, 7, null, 'json-invalid'],
      ],
    )
    const again = await finishedBatch(issuer, (await sendFile(issuer, file, { type: 'application/jsonl', query: '?achievement=Logic' })).id)
    assert.deepEqual(batchCounts(again), { state: 'finished', rows: 7, created: 1, existing: 2, refused: 4 })
  }),

  scenario('a file that is not what its sender says is refused with a sentence', async (world) => {
    const issuer = await world.issuer()
    const post = (type: string, body: string | Uint8Array) => issuer.ask('POST', '/v1/batches', { body, headers: { 'content-type': type } })
    const line = `${JSON.stringify({ name: 'Ada', email: issuer.email('ada'), achievement: 'Compilers' })}\n`
    assert.match(expectProblem(await post('text/csv', line), 415, 'unsupported-media-type').json.detail, /looks like JSON/)
    assert.match(expectProblem(await post(ndjson, 'name,email,course\n'), 415, 'unsupported-media-type').json.detail, /looks like CSV/)
    assert.match(expectProblem(await post(ndjson, `[${line}]`), 415, 'unsupported-media-type').json.detail, /one object on each line/)
    assert.match(expectProblem(await post('application/octet-stream', '%PDF-1.7\n'), 415, 'unsupported-media-type').json.detail, /PDF/)
    expectProblem(await post('text/csv', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1])), 415, 'unsupported-media-type')
    expectProblem(await post('application/json', line), 415, 'unsupported-media-type')
    const taken = expectStatus(await post('application/octet-stream', line), 202).json
    assert.equal((await finishedBatch(issuer, taken.id)).created, 1)
  }),

  scenario('a dry run says what would happen, and does none of it', async (world) => {
    const issuer = await world.issuer()
    const email = issuer.email
    const known = `Full name,E-Mail,Course\nAda Lovelace,${email('ada')},Compilers\n`
    await finishedBatch(issuer, (await sendFile(issuer, known)).id)
    const file = `${known}Grace Hopper,${email('grace')},Compilers\nNo Address,,Compilers\nGrace Again,${email('grace')},Compilers\nShort\n`
    const look = async (body: string, type = 'text/csv') =>
      expectStatus(await issuer.ask('POST', '/v1/batches?dryRun=true', { body, headers: { 'content-type': type } }), 200).json
    const would = await look(file)
    assert.deepEqual(
      [would.rows, would.created, would.existing, would.refused, would.failure],
      [5, 1, 1, 3, null],
    )
    assert.deepEqual(would.columns, { name: 'Full name', email: 'E-Mail', achievement: 'Course' })
    assert.deepEqual(
      would.errors.map(({ line, column, code }: any) => [line, column, code]),
      [[4, 'E-Mail', 'required'], [5, 'E-Mail', 'duplicate-in-file'], [6, 'E-Mail', 'record-short']],
    )
    assert.deepEqual(
      would.examples.map(({ line, outcome, email: address }: any) => [line, outcome, address]),
      [[2, 'existing', email('ada')], [3, 'new', email('grace')]],
    )
    assert.equal((await look(`${JSON.stringify({ name: 'Ada', email: email('ada2'), achievement: 'Compilers' })}\n`, ndjson)).created, 1)
    expectProblem(await issuer.ask('POST', '/v1/batches?dryRun=true', { body: 'a,b\n', headers: { 'content-type': 'text/csv' } }), 422, 'validation-failed')
    expectProblem(await issuer.ask('POST', '/v1/batches?dryRun=true&template=none', { body: file, headers: { 'content-type': 'text/csv' } }), 404, 'not-found')
    assert.equal(expectStatus(await issuer.ask('GET', '/v1/batches'), 200).json.batches.length, 1)
    assert.equal(expectStatus(await issuer.ask('GET', '/v1/credentials'), 200).json.credentials.length, 1)
    const done = await finishedBatch(issuer, (await sendFile(issuer, file)).id)
    assert.deepEqual([done.created, done.existing, done.refused], [1, 1, 3])
    assert.deepEqual(done.columns, would.columns)
  }),

  scenario('the refused records come back as a file that is corrected and sent again', async (world) => {
    const issuer = await world.issuer()
    const email = issuer.email
    const file = `Name;E-Mail;Course;Note\nAda;${email('ada')};Compilers;\n"=HYPERLINK(""x"")";${email('eve')};;-1\n"Two\nLines";${email('two')};Compilers;"a, b"\n`
    const batch = await finishedBatch(issuer, (await sendFile(issuer, file)).id)
    assert.deepEqual([batch.created, batch.refused], [1, 2])
    const answer = expectStatus(await issuer.ask('GET', `/v1/batches/${batch.id}/errors.csv`), 200)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/csv; charset=utf-8$/)
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="batch-[0-9a-f-]+-errors\.csv"$/)
    const [head, eve] = answer.text.replace(/^\ufeff/, '').split('\r\n')
    assert.ok(answer.bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])))
    assert.equal(head, 'Name,E-Mail,Course,Note,vellum:line,vellum:code,vellum:message')
    assert.ok(eve!.startsWith(`"'=HYPERLINK(""x"")",${email('eve')},,'-1,3,required,`), String(eve))
    const corrected = answer.text.replace(`${email('eve')},,`, `${email('eve')},Compilers,`).replace('Two\nLines', 'Two Lines')
    const again = await finishedBatch(issuer, (await sendFile(issuer, corrected)).id)
    assert.deepEqual(batchCounts(again), { state: 'finished', rows: 2, created: 2, existing: 0, refused: 0 })
    const names = expectStatus(await issuer.ask('GET', `/v1/credentials?batch=${again.id}`), 200).json.credentials.map(({ recipient }: any) => recipient.name)
    assert.deepEqual(names.sort(), ['=HYPERLINK("x")', 'Two Lines'])
    expectProblem(await (await world.issuer()).ask('GET', `/v1/batches/${batch.id}/errors.csv`), 404, 'not-found')
  }),

  scenario('a workbook is issued like a file of text, and its faults name the rows of the sheet', async (world) => {
    const issuer = await world.issuer()
    const email = issuer.email
    const day = { t: 'n', v: 46_023, z: 'dd.mm.yyyy' }
    const people = [
      [],
      ['Full name', 'E-Mail', 'Course', 'Completed on', 'Student ID'],
      ['Ada Lovelace', email('ada'), 'Compilers', day, 17],
      [],
      ['No Address', null, 'Compilers', day],
      [{ t: 's', v: 'Grace Hopper', f: '"Grace"&" "&"Hopper"' }, email('grace'), 'Compilers', day, { t: 'n', v: 7, z: '0000' }],
      ['No Day', email('day'), 'Compilers', 'soon'],
      ['ليلى', email('layla'), 'Compilers'],
    ]
    const file = workbook({ Notes: [['nothing']], Spring: people }, ['Notes'])
    const would = expectStatus(await issuer.ask('POST', '/v1/batches?dryRun=true', { body: file, headers: { 'content-type': xlsx } }), 200).json
    assert.deepEqual([would.rows, would.created, would.refused], [5, 3, 2])
    assert.deepEqual(would.examples.map(({ line, completedOn, externalId }: any) => [line, completedOn, externalId]), [
      [3, '2026-01-01', '17'],
      [6, '2026-01-01', '0007'],
      [8, undefined, undefined],
    ])
    const batch = await finishedBatch(issuer, (await sendFile(issuer, file, { type: xlsx })).id)
    assert.deepEqual(batchCounts(batch), { state: 'finished', rows: 5, created: 3, existing: 0, refused: 2 })
    const { errors } = expectStatus(await issuer.ask('GET', `/v1/batches/${batch.id}/errors`), 200).json
    assert.deepEqual(errors.map(({ line, column, code }: any) => [line, column, code]), [[5, 'E-Mail', 'required'], [7, 'Completed on', 'date-invalid']])
    const csv = expectStatus(await issuer.ask('GET', `/v1/batches/${batch.id}/errors.csv`), 200).text
    assert.match(csv, /\r\nNo Address,,Compilers,2026-01-01,,5,required,/)
    const corrected = csv.replace('No Address,', `No Address,${email('none')}`).replace('soon', '2026-01-01')
    assert.equal((await finishedBatch(issuer, (await sendFile(issuer, corrected)).id)).created, 2)

    const form = new FormData()
    form.append('file', new Blob([file], { type: xlsx }), 'people.xlsx')
    const again = new Response(form)
    const type = again.headers.get('content-type') ?? ''
    const sent = await sendFile(issuer, new Uint8Array(await again.arrayBuffer()), { type, query: '?sheet=spring' })
    assert.deepEqual(batchCounts(await finishedBatch(issuer, sent.id)), { state: 'finished', rows: 5, created: 0, existing: 3, refused: 2 })
  }),

  scenario('a workbook that cannot be read is refused with a sentence', async (world) => {
    const issuer = await world.issuer()
    const post = (body: string | Uint8Array, type = xlsx, query = '') => issuer.ask('POST', `/v1/batches${query}`, { body, headers: { 'content-type': type } })
    const good = workbook({ People: [['Name', 'E-Mail'], ['Ada', issuer.email('ada')]] })
    const encrypted = Buffer.concat([Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), Buffer.alloc(2_000)])
    assert.match(expectProblem(await post(encrypted), 415, 'unsupported-media-type').json.detail, /without a password/)
    assert.match(expectProblem(await post('name,email\n'), 415, 'unsupported-media-type').json.detail, /looks like CSV/)
    assert.match(expectProblem(await post(good, 'text/csv'), 415, 'unsupported-media-type').json.detail, /looks like an XLSX workbook/)
    assert.match(expectProblem(await post(good.subarray(0, 500)), 422, 'validation-failed').json.detail, /damaged or cut off/)
    assert.match(expectProblem(await post(workbook({ People: [] })), 422, 'validation-failed').json.detail, /sheet is empty/)
    assert.match(expectProblem(await post(good, xlsx, '?sheet=Others'), 422, 'validation-failed').json.detail, /"People"/)
    assert.match(expectProblem(await post('name,email\n', 'text/csv', '?sheet=Others'), 422, 'validation-failed').json.detail, /Only a workbook/)
    const { missing } = expectProblem(await post(workbook({ People: [['Name']] })), 422, 'validation-failed').json
    assert.deepEqual(missing, ['email'])
    const large = Buffer.concat([good, Buffer.alloc(20 * 1024 * 1024)])
    assert.match(expectProblem(await post(large), 413, 'too-large').json.detail, /at most 20 MB/)
    assert.equal(expectStatus(await issuer.ask('GET', '/v1/batches'), 200).json.batches.length, 0)
  }),

  scenario('the command says what would come of a file, and issues one', async (world) => {
    const issuer = await world.issuer()
    const { directory, cli } = world.installation
    const issue = async (name: string, content: string | Uint8Array, ...options: string[]) => {
      const path = join(directory, name)
      writeFileSync(path, content)
      const { status, stdout, stderr } = await cli('issue', path, '--organization', issuer.slug, '--json', ...options)
      assert.equal(status, 0, stderr)
      return JSON.parse(stdout)
    }
    const line = JSON.stringify({ name: 'Ada', email: issuer.email('ada'), achievement: 'Compilers' })
    const would = await issue('ada.ndjson', `${line}\n\n{}\n`, '--dry-run')
    assert.deepEqual([would.rows, would.created, would.refused, would.errors[0].line], [2, 1, 1, 3])
    assert.equal(expectStatus(await issuer.ask('GET', '/v1/batches'), 200).json.batches.length, 0)
    const file = workbook({ Notes: [['x']], People: [['name', 'email', 'course'], ['Ada', issuer.email('ada'), 'Compilers']] })
    const { state, created, errors } = await issue('ada.xlsx', file, '--sheet', 'people')
    assert.deepEqual([state, created, errors], ['finished', 1, []])
  }),
]
