import assert from 'node:assert/strict'
import { readZip } from '../issuance/read-zip.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { everyBoundary, scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
  scenario('all that is held about a person, and everything of an organization, can be taken out', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const ada = await issuer.issue({ name: 'Ada Lovelace', email: issuer.email('ada') })
    const grace = await issuer.issue({ name: 'Grace Hopper', email: issuer.email('grace') })
    for (const { publicUrl } of [ada, grace]) await issuer.published(publicUrl)
    await until('both mails', async () => {
      const { messages } = expectStatus(await issuer.ask('GET', '/v1/messages'), 200).json
      return messages.filter(({ state }: { state: string }) => state === 'sent').length === 2
    })
    expectStatus(await issuer.ask('POST', `/v1/credentials/${ada.id}/revoke`, { json: { reason: 'Mistaken' } }), 200)
    const files = async (path: string) => {
      const answer = expectStatus(await issuer.ask('GET', path), 200)
      assert.equal(answer.headers.get('content-type'), 'application/zip')
      return new Map((await readZip(answer.bytes)).map(({ name, content }) => [name, content]))
    }
    const linesOf = (found: ReadonlyMap<string, Buffer>, beginning: string) =>
      [...found].filter(([name]) => name.startsWith(beginning)).flatMap(([, content]) => content.toString().trim().split('\n').map((line) => JSON.parse(line)))

    const person = await files(`/v1/exports/recipients/${ada.recipient!.id}`)
    const names = [...person.keys()]
    assert.equal(names.at(-1), 'contents.json')
    assert.deepEqual(JSON.parse(person.get(`issuance/credentials/${ada.id}.json`)!.toString()).recipient, { name: 'Ada Lovelace', email: ada.order.email })
    assert.deepEqual(person.get(`issuance/documents/${ada.id}.json`), expectStatus(await ask('GET', ada.documentUrl), 200).bytes)
    assert.deepEqual(person.get(`issuance/certificates/${ada.id}.pdf`), expectStatus(await issuer.ask('GET', `/v1/credentials/${ada.id}/certificate.pdf`), 200).bytes)
    assert.ok(JSON.parse(person.get(`verification/credentials/${ada.id}.json`)!.toString()).log.index >= 0)
    const [message] = linesOf(person, 'notification/messages')
    assert.deepEqual([message.state, message.content.recipientEmail], ['sent', ada.order.email])
    assert.ok(linesOf(person, 'issuance/audit').some(({ action, target }) => action === 'credential.revoked' && target === ada.id))
    // Of others there is nothing.
    for (const [name, content] of person) assert.ok(!content.includes('Grace') && !content.includes(grace.id), `${name} is about somebody else too.`)

    const all = await files('/v1/exports/organization')
    const organization = JSON.parse(all.get('identity/organization.json')!.toString())
    assert.deepEqual([organization.id, organization.slug], [issuer.organizationId, issuer.slug])
    for (const { id } of [ada, grace]) for (const name of [`credentials/${id}.json`, `documents/${id}.json`, `certificates/${id}.pdf`]) assert.ok(all.has(`issuance/${name}`), name)
    assert.deepEqual(linesOf(all, 'issuance/recipients').map(({ id }) => id).sort(), [ada.recipient!.id, grace.recipient!.id].sort())
    assert.equal(linesOf(all, 'notification/messages').length, 2)
    assert.equal(linesOf(all, 'issuance/achievements').length, 1)
    assert.ok(linesOf(all, 'identity/audit').some(({ action, actor }) => action === 'recipient.exported' && actor === `client:${issuer.clientId}`))
    assert.equal(JSON.parse(all.get('identity/clients.json')!.toString())[0].id, issuer.clientId)
    const contents = JSON.parse(all.get('contents.json')!.toString())
    assert.equal(Object.values<number>(contents.files).reduce((sum, count) => sum + count, 1), all.size)
    for (const [name, content] of all) assert.ok(!/secret|privateKey|wrapped/i.test(name + content.toString('latin1')), `${name} holds a secret.`)

    const stranger = await world.issuer()
    expectProblem(await stranger.ask('GET', `/v1/exports/recipients/${ada.recipient!.id}`), 404, 'not-found')
    expectProblem(await issuer.ask('GET', '/v1/exports/recipients/nobody'), 404, 'not-found')
    expectProblem(await ask('GET', '/v1/exports/organization'), 401, 'unauthenticated')
    const form = { grant_type: 'client_credentials', client_id: issuer.clientId, client_secret: issuer.clientSecret, scope: 'credentials:read' }
    const { access_token: token } = expectStatus(await ask('POST', '/oauth/token', { form }), 200).json
    for (const path of ['organization', `recipients/${ada.recipient!.id}`]) expectProblem(await ask('GET', `/v1/exports/${path}`, { token }), 403, 'forbidden')

    expectStatus(await issuer.ask('DELETE', `/v1/recipients/${ada.recipient!.id}`), 200)
    expectProblem(await issuer.ask('GET', `/v1/exports/recipients/${ada.recipient!.id}`), 410, 'gone')
    const after = await until('an export without the erased', async () => {
      const found = await files('/v1/exports/organization')
      return !found.has(`issuance/documents/${ada.id}.json`) && found
    })
    for (const [name, content] of after) assert.ok(!content.includes('Lovelace'), `${name} names the erased.`)
  }, everyBoundary),
]
