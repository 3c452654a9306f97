import assert from 'node:assert/strict'
import { decode } from 'fast-png'
import { pdfInfo, pdfTexts } from '../render/pdf-files.ts'
import { dataUrl, logo, ownPage } from '../render/own-page.ts'
import { expectProblem, expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { scenario } from './scenario.ts'

const words = { description: 'What it is.', criteria: 'Pass the exam.', achievementType: 'Certificate' }
const pictureOf = (content: any) => content.design.schemas[0].find(({ type }: any) => type === 'image').content

async function putPage(issuer: Issuer, slug: string, design: unknown, headers = {}) {
  return issuer.ask('PUT', `/v1/templates/${slug}`, { json: { ...words, design }, headers })
}

export default [
  scenario('a page designed with pdfme becomes a template, is looked at, and credentials keep the version they were issued with', async (world) => {
    const issuer = await world.issuer()
    const first = expectStatus(await putPage(issuer, 'diploma', ownPage(dataUrl(logo()))), 200)
    assert.equal(first.json.version, 1)
    assert.match(pictureOf(first.json.content), /^image:[0-9a-f]{64}$/)
    const read = expectStatus(await issuer.ask('GET', '/v1/templates/diploma'), 200)
    assert.equal(read.headers.get('etag'), '"1"')
    assert.deepEqual(read.json, first.json)
    const again = expectStatus(await issuer.ask('PUT', '/v1/templates/diploma', { json: read.json.content }), 200)
    assert.equal(again.json.version, 1, 'What was read and sent again is no new version.')
    const id = pictureOf(first.json.content).slice('image:'.length)
    const picture = expectStatus(await issuer.ask('GET', `/v1/templates/images/${id}`), 200)
    assert.equal(picture.headers.get('content-type'), 'image/png')

    const look = (json: object, accept: string) => issuer.ask('POST', '/v1/templates/diploma/preview', { json, headers: { accept } })
    const pdf = expectStatus(await look({ sample: 'longest-name' }, 'application/pdf'), 200)
    assert.equal(pdf.headers.get('content-type'), 'application/pdf')
    const [shown] = await pdfTexts([pdf.bytes])
    for (const part of ['Maria Magdalena', 'Anagnostopoulos', 'The board of examiners states that', '/v/specimen']) assert.ok(shown!.includes(part), `${part} is missing: ${shown}`)
    assert.match(await pdfInfo(pdf.bytes), /Title:\s+Specimen:/)
    const png = expectStatus(await look({ sample: 'right-to-left', width: 600 }, 'image/png'), 200)
    const { width, height } = decode(png.bytes)
    assert.deepEqual([png.headers.get('content-type'), width, height], ['image/png', 600, 424])
    const given = expectStatus(await look({ data: { recipientName: 'Grace Hopper' } }, 'application/pdf'), 200)
    assert.match((await pdfTexts([given.bytes]))[0]!, /Grace Hopper/)
    expectProblem(await world.ask('GET', '/v/specimen', { headers: { accept: 'application/json' } }), 404, 'not-found')

    const early = await issuer.accept({ name: 'Jürgen Ełk', more: { template: 'diploma' } })
    const second = expectStatus(await putPage(issuer, 'diploma', ownPage(pictureOf(first.json.content), 'The academic senate states that'), { 'if-match': '"1"' }), 200)
    assert.deepEqual([second.json.version, second.headers.get('etag')], [2, '"2"'])
    expectProblem(await putPage(issuer, 'diploma', ownPage(dataUrl(logo()), 'Lost'), { 'if-match': '"1"' }), 412, 'precondition-failed')
    expectStatus(await issuer.ask('POST', '/v1/templates/diploma/archive'), 200)
    const refused = await issuer.ask('POST', '/v1/credentials', {
      json: { recipient: { name: 'Late', email: issuer.email('late') }, achievement: { name: 'Logic' }, template: 'diploma' },
    })
    expectProblem(refused, 409, 'state-refused')
    expectProblem(await issuer.ask('POST', '/v1/batches?template=diploma&achievement=Logic', { body: `name,email\nLate,${issuer.email('late')}\n`, headers: { 'content-type': 'text/csv' } }), 409, 'state-refused')
    expectStatus(await issuer.ask('POST', '/v1/templates/diploma/unarchive'), 200)
    const late = await issuer.issue({ email: issuer.email('late'), more: { template: 'diploma' } })
    const printed = await Promise.all(
      [(await issuer.issued(early.id)).id, late.id].map(async (one) => expectStatus(await issuer.ask('GET', `/v1/credentials/${one}/certificate.pdf`), 200).bytes),
    )
    const [old, fresh] = await pdfTexts(printed)
    assert.match(old!, /Jürgen Ełk/)
    assert.match(old!, /The board of examiners states that/)
    assert.match(fresh!, /The academic senate states that/)
    for (const one of printed) assert.doesNotMatch(await pdfInfo(one), /Specimen/)
    const { versions } = expectStatus(await issuer.ask('GET', '/v1/templates/diploma/versions'), 200).json
    assert.deepEqual(versions.map(({ version }: any) => version), [2, 1])
    assert.match(JSON.stringify(expectStatus(await issuer.ask('GET', '/v1/templates/diploma?version=1'), 200).json.content), /board of examiners/)
  }),

  scenario('a template is duplicated once for a key, and the copy follows nobody', async (world) => {
    const issuer = await world.issuer()
    const duplicate = (slug: string, headers = {}) => issuer.ask('POST', '/v1/templates/certificate-classic/duplicate', { json: { slug }, headers })
    const key = { 'idempotency-key': 'copy' }
    const made = expectStatus(await duplicate('ours', key), 201)
    assert.equal(expectStatus(await duplicate('ours', key), 201).text, made.text)
    expectProblem(await duplicate('ours'), 409, 'already-exists')
    expectProblem(await duplicate('badge-modern'), 409, 'already-exists')
    expectStatus(await issuer.ask('POST', '/v1/templates/certificate-classic/archive'), 200)
    expectStatus(await issuer.ask('POST', '/v1/templates/certificate-classic/archive'), 200)
    const slugs = async (query: string) => (await issuer.ask('GET', `/v1/templates${query}`)).json.templates.map(({ slug }: any) => slug)
    assert.deepEqual(await slugs('?archived=true'), ['certificate-classic'])
    assert.ok(!(await slugs('')).includes('certificate-classic'))
    assert.ok((await slugs('')).includes('ours'))
    expectStatus(await issuer.ask('POST', '/v1/templates/ours/duplicate', { json: { slug: 'theirs' } }), 201)
    const page = expectStatus(await issuer.ask('GET', '/v1/templates?limit=1'), 200).json
    assert.deepEqual(page.templates.map(({ slug }: any) => slug), ['ours'])
    assert.equal((await slugs(`?limit=1&after=${page.next}`))[0], 'theirs')
    await issuer.issue({ more: { template: 'ours' } })
  }),

  scenario('a page that cannot be printed and a file that is no picture are refused with what to do', async (world) => {
    const issuer = await world.issuer()
    const page: any = ownPage(dataUrl(logo(20)))
    page.schemas[0][4].fontName = 'Comic'
    page.schemas[0].push({ type: 'table', name: 'x', position: { x: 0, y: 0 }, width: 10, height: 10 })
    const answer = expectProblem(await putPage(issuer, 'broken', page), 422, 'validation-failed')
    assert.deepEqual(answer.json.errors.map(({ pointer }: any) => pointer), ['/design/schemas/0/4/fontName', `/design/schemas/0/${page.schemas[0].length - 1}/type`])
    expectProblem(await putPage(issuer, 'broken', ownPage(dataUrl(Buffer.from('<svg onload="alert(1)"/>')))), 422, 'validation-failed')
    expectProblem(await putPage(issuer, 'broken', ownPage(`image:${'0'.repeat(64)}`)), 422, 'validation-failed')
    const send = (body: Uint8Array) => issuer.ask('POST', '/v1/templates/images', { body, headers: { 'content-type': 'image/png' } })
    expectProblem(await send(Buffer.from('%PDF-1.7')), 422, 'validation-failed')
    expectProblem(await send(logo().subarray(0, 300)), 422, 'validation-failed')
    const kept = expectStatus(await send(logo(32)), 200).json
    assert.deepEqual(expectStatus(await send(logo(32)), 200).json, kept)
    assert.deepEqual([kept.mediaType, kept.width, kept.height], ['image/png', 32, 32])
    expectProblem(await issuer.ask('GET', '/v1/templates/broken'), 404, 'not-found')
  }),
]
