import assert from 'node:assert/strict'
import { notification } from '#modules/notification/index.ts'
import { pdfAttachment } from '../render/pdf-files.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { orderBody } from './issuer.ts'
import { mailsTo } from './mails.ts'
import { entryOf, readCheckpoint, readEntries, rootFromProof, rootOf } from './reference-log.ts'
import { verifyElsewhere } from './reference-verifier.ts'
import { everyBoundary, scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
  scenario('one credential is signed, printed, logged, mailed and shown', async (world) => {
    const { ask, installation } = world
    const issuer = await world.issuer()
    // With a leaf before it, so that its proof is not empty.
    await issuer.published((await issuer.issue({ email: issuer.email('first') })).publicUrl)
    const issued = await issuer.issue({ name: 'Jürgen Ełk', achievement: 'Distributed Systems' })

    const shown = await issuer.published(issued.publicUrl)
    assert.equal(shown.status, 'active')
    assert.deepEqual(shown.checks.signature, { verified: true, errors: [] })
    const document = expectStatus(await ask('GET', issued.documentUrl), 200)
    assert.match(document.headers.get('content-type')!, /^application\/vc\+ld\+json\b/)
    assert.deepEqual(shown.credential, document.json)
    assert.equal(document.json.id, issued.documentUrl)
    assert.deepEqual(document.json.type, ['VerifiableCredential', 'OpenBadgeCredential'])
    assert.equal(document.json.credentialSubject.achievement.name, 'Distributed Systems')
    assert.ok(Array.isArray(document.json.proof), 'The proof is an array.')

    const did = expectStatus(await ask('GET', `/organizations/${issuer.slug}/did.json`), 200).json
    assert.equal(did.id, document.json.issuer.id)
    const elsewhere = await verifyElsewhere(document.json, did)
    assert.ok(elsewhere.verified, JSON.stringify(elsewhere))

    const pdf = expectStatus(await ask('GET', shown.links.pdf), 200)
    assert.equal(pdf.headers.get('content-type'), 'application/pdf')
    assert.ok((await pdfAttachment(pdf.bytes, 'credential.json')).equals(document.bytes), 'The PDF carries other bytes.')
    const own = expectStatus(await issuer.ask('GET', `/v1/credentials/${issued.id}/certificate.pdf`), 200)
    assert.ok(own.bytes.equals(pdf.bytes))

    const page = expectStatus(await ask('GET', issued.publicUrl, { headers: { accept: 'text/html,*/*;q=0.8' } }), 200)
    assert.match(page.headers.get('content-type')!, /^text\/html/)
    assert.match(page.text, /Jürgen Ełk/)
    assert.match(page.text, /Distributed Systems/)
    assert.match(page.headers.get('content-security-policy')!, /default-src 'none'/)
    assert.doesNotMatch(page.text, /<script/i)

    const mail = await until('the e-mail', async () => (await mailsTo(installation.mailDir, issued.order.email))[0])
    assert.match(mail.messageId!, new RegExp(`^<${issued.id}\\.issued@`))
    assert.ok(mail.text?.includes(issued.publicUrl), 'The text has no link.')
    assert.ok(String(mail.html).includes(issued.publicUrl), 'The page has no link.')
    assert.ok(mail.attachments[0]!.content.equals(pdf.bytes), 'Another PDF was mailed.')

    const { checkpoint, index, size, inclusionProof, salt } = shown.log
    const signed = await readCheckpoint(ask, checkpoint)
    const entry = entryOf(document.json, salt)
    assert.equal(signed.size, size)
    assert.ok(inclusionProof.length > 0)
    const proof = inclusionProof.map((hash: string) => Buffer.from(hash, 'base64'))
    assert.ok(rootFromProof(entry, index, size, proof).equals(signed.root), 'The inclusion proof does not hold.')
    const entries = await readEntries(ask, signed.size)
    assert.ok(rootOf(entries).equals(signed.root), 'The entries are not those of the checkpoint.')
    assert.deepEqual(entries.flatMap((one, at) => (one.equals(entry) ? [at] : [])), [index], 'It stands there once.')
  }, everyBoundary),

  scenario('one idempotency key, fifty times at once, is one credential with equal answers', async (world) => {
    const issuer = await world.issuer()
    const json = orderBody({ name: 'Ada Lovelace', email: issuer.email('ada'), achievement: 'Distributed Systems' })
    const send = () => issuer.ask('POST', '/v1/credentials', { json, headers: { 'idempotency-key': 'fifty' } })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        until('an answer that is final', async () => {
          const answer = await send()
          if (answer.status !== 409) return answer
          expectProblem(answer, 409, 'idempotency-in-progress')
          assert.ok(answer.headers.has('retry-after'))
          return undefined
        })),
    )
    for (const answer of answers) expectStatus(answer, 202)
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1, 'The answers differ.')
    const { credentials } = expectStatus(await issuer.ask('GET', '/v1/credentials'), 200).json
    assert.equal(credentials.length, 1)
  }),

  scenario('an idempotency key with another body is refused', async (world) => {
    const issuer = await world.issuer()
    await issuer.accept({ key: 'k', name: 'Ada Lovelace' })
    const json = orderBody({ name: 'Grace Hopper', email: issuer.email('grace'), achievement: 'Compilers' })
    expectProblem(await issuer.ask('POST', '/v1/credentials', { json, headers: { 'idempotency-key': 'k' } }), 422, 'idempotency-mismatch')
    expectProblem(await issuer.ask('POST', '/v1/credentials', { json, headers: { 'idempotency-key': 'with space' } }), 400, 'bad-request')
    // Another organization's keys are its own.
    await (await world.issuer()).accept({ key: 'k', name: 'Grace Hopper' })
  }),

  scenario('the same business key twice is one credential', async (world) => {
    const issuer = await world.issuer()
    const order = { name: 'Ada Lovelace', email: issuer.email('ada'), achievement: 'Distributed Systems' }
    const first = await issuer.accept({ ...order, key: 'a', more: { externalId: 'EXT-1' } })
    assert.equal(first.created, true)
    const again = await issuer.ask('POST', '/v1/credentials', {
      json: orderBody({ ...order, more: { externalId: 'EXT-1' } }), headers: { 'idempotency-key': 'b' },
    })
    assert.deepEqual(expectStatus(again, 200).json, { ...first, created: false })
    const another = await issuer.accept({ ...order, key: 'c', more: { externalId: 'EXT-1', occurrence: 'second term' } })
    assert.notEqual(another.id, first.id)
  }),

  scenario('what is sent to whom can be seen', async (world) => {
    const issuer = await world.issuer()
    const told = await issuer.issue()
    const quiet = await issuer.issue({ email: issuer.email('quiet'), more: { notify: false } })
    const messages = (query: string) => issuer.ask('GET', `/v1/messages?${query}`)
    const [message] = await until('the message to be sent', async () => {
      const found = expectStatus(await messages(`credential=${told.id}`), 200).json.messages
      return found[0]?.state === 'sent' && found
    })
    assert.equal(message.credentialId, told.id)
    assert.equal(message.channel, 'email')
    const { messages: byContract } = await world.client(notification).messages({ credentialId: told.id })
    assert.deepEqual(byContract.map(({ messageId, state }) => ({ messageId, state })), [{ messageId: message.messageId, state: 'sent' }])
    await issuer.published(quiet.publicUrl)
    const all = expectStatus(await messages('state=sent'), 200).json.messages
    assert.deepEqual(all.map((one: any) => one.credentialId), [told.id])
    assert.deepEqual((await mailsTo(world.installation.mailDir, quiet.order.email)).length, 0)
  }, ['notification', 'identity']),

  scenario('a person is found by the beginning of a name', async (world) => {
    const issuer = await world.issuer()
    const { id } = await issuer.issue({ name: 'Maria-José Österreicher', email: issuer.email('mj') })
    await issuer.issue({ name: 'Ada Lovelace' })
    const search = async (q: string) =>
      expectStatus(await issuer.ask('GET', `/v1/credentials?q=${encodeURIComponent(q)}`), 200).json.credentials.map((one: any) => one.id)
    assert.deepEqual(await search('Österr'), [id])
    assert.deepEqual(await search('osterreicher mar'), [id])
    assert.deepEqual(await search('Öster Lovelace'), [])
    assert.deepEqual(await search('reicher'), [])
    assert.deepEqual(await (await world.issuer()).ask('GET', '/v1/credentials?q=Lovelace').then(({ json }) => json.credentials), [])
  }),
]
