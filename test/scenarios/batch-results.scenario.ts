import assert from 'node:assert/strict'
import { readZip } from '../issuance/read-zip.ts'
import { finishedBatch, sendFile } from './batches.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
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
