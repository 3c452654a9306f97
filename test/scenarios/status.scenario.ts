import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import type { Ask } from './ask.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { mailsTo } from './mails.ts'
import { entryOf, readCheckpoint, readEntries, rootOf } from './reference-log.ts'
import { verifyElsewhere } from './reference-verifier.ts'
import { everyBoundary, scenario } from './scenario.ts'
import { until } from './until.ts'

interface Entry {
  readonly type: string
  readonly statusPurpose: string
  readonly statusListIndex: string
  readonly statusListCredential: string
}

const entries = (credential: any): Entry[] => [credential.credentialStatus].flat()

/** Reads the bit as a stranger does: fetch the list, verify it, unpack it. */
async function readBit(ask: Ask, { statusListIndex, statusListCredential, statusPurpose }: Entry, did: unknown): Promise<boolean> {
  const list = expectStatus(await ask('GET', statusListCredential), 200)
  assert.match(list.headers.get('content-type')!, /^application\/vc\b/)
  assert.equal(list.json.id, statusListCredential)
  assert.equal(list.json.credentialSubject.statusPurpose, statusPurpose)
  const { verified, error } = await verifyElsewhere(list.json, did)
  assert.ok(verified, JSON.stringify(error))
  const encoded: string = list.json.credentialSubject.encodedList
  assert.equal(encoded[0], 'u')
  const bits = gunzipSync(Buffer.from(encoded.slice(1), 'base64url'))
  assert.ok(bits.length * 8 >= 131_072)
  const index = Number(statusListIndex)
  return (bits[index >> 3]! & (0x80 >> (index & 7))) !== 0
}

export default [
  scenario('a revocation is in the signed list and on the page when it is acknowledged, and is for ever', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const { id, publicUrl } = await issuer.issue()
    const { credential } = await issuer.published(publicUrl)
    const did = expectStatus(await ask('GET', `/organizations/${issuer.slug}/did.json`), 200).json
    const [entry] = entries(credential)
    assert.equal(entry!.type, 'BitstringStatusListEntry')
    assert.equal(await readBit(ask, entry!, did), false)

    const revoked = expectStatus(await issuer.ask('POST', `/v1/credentials/${id}/revoke`, { json: { reason: 'Issued in error' } }), 200)
    assert.deepEqual(revoked.json, { id, state: 'revoked' })
    assert.equal(await readBit(ask, entry!, did), true)
    const shown = expectStatus(await ask('GET', publicUrl, { headers: { accept: 'application/json' } }), 200)
    assert.equal(shown.json.status, 'revoked')
    const verdict = expectStatus(await ask('POST', '/v1/verify', { json: { credential } }), 200).json
    assert.equal(verdict.status, 'revoked')
    assert.equal(verdict.verified, false)
    const page = expectStatus(await ask('GET', publicUrl, { headers: { accept: 'text/html' } }), 200)
    assert.match(page.text, /revoked/i)

    const again = expectStatus(await issuer.ask('POST', `/v1/credentials/${id}/revoke`, { json: {} }), 200)
    assert.equal(again.text, revoked.text)
    expectProblem(await issuer.ask('POST', `/v1/credentials/${id}/reinstate`, { json: {} }), 409, 'state-refused')
    expectProblem(await issuer.ask('POST', `/v1/credentials/${id}/suspend`, { json: {} }), 409, 'state-refused')
  }, ['issuance', 'verification', 'notification']),

  scenario('a suspension can be lifted', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const content = {
      design: 'badge-modern', description: 'Can be suspended.', criteria: 'Stay in good standing.', achievementType: 'Badge', suspendable: true,
    }
    expectStatus(await issuer.ask('PUT', '/v1/templates/licence', { json: content }), 200)
    const { id, publicUrl } = await issuer.issue({ more: { template: 'licence' } })
    const { credential } = await issuer.published(publicUrl)
    const did = expectStatus(await ask('GET', `/organizations/${issuer.slug}/did.json`), 200).json
    const suspension = entries(credential).find(({ statusPurpose }) => statusPurpose === 'suspension')!
    const change = async (command: string, state: string, status: string, bit: boolean) => {
      const answer = expectStatus(await issuer.ask('POST', `/v1/credentials/${id}/${command}`, { json: {} }), 200)
      assert.deepEqual(answer.json, { id, state })
      assert.equal(await readBit(ask, suspension, did), bit)
      assert.equal((await ask('GET', publicUrl)).json.status, status)
      assert.equal((await ask('POST', '/v1/verify', { json: { credential } })).json.status, status)
    }
    await change('suspend', 'suspended', 'suspended', true)
    await change('suspend', 'suspended', 'suspended', true)
    await change('reinstate', 'issued', 'active', false)
    await change('suspend', 'suspended', 'suspended', true)
    await change('reinstate', 'issued', 'active', false)

    const firm = await issuer.issue({ email: issuer.email('firm') })
    expectProblem(await issuer.ask('POST', `/v1/credentials/${firm.id}/suspend`, { json: {} }), 409, 'state-refused')
  }, ['issuance', 'verification']),

  scenario('what is revoked before it is issued is not issued', async (world) => {
    const issuer = await world.issuer()
    const { id } = await issuer.accept()
    expectStatus(await issuer.ask('POST', `/v1/credentials/${id}/revoke`, { json: {} }), 200)
    const { json } = expectStatus(await issuer.ask('GET', `/v1/credentials/${id}`), 200)
    assert.equal(json.state, 'revoked')
    // Whatever was on its way has come to its end when a later one is through.
    await issuer.issue({ email: issuer.email('later') })
    assert.equal((await issuer.ask('GET', `/v1/credentials/${id}`)).json.state, 'revoked')
  }),

  scenario('the verify API knows ours from a forgery', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const { publicUrl } = await issuer.issue()
    const { credential } = await issuer.published(publicUrl)
    const verify = async (what: unknown) => expectStatus(await ask('POST', '/v1/verify', { json: { credential: what } }), 200).json
    assert.deepEqual(await verify(credential), { verified: true, errors: [], status: 'active' })
    const forged = structuredClone(credential)
    forged.credentialSubject.achievement.name = 'Brain Surgery'
    const verdict = await verify(forged)
    assert.equal(verdict.verified, false)
    assert.ok(verdict.errors.length > 0 && verdict.errors.every(({ code, message }: any) => code && message))
    const { proof: _, ...unsigned } = credential
    assert.equal((await verify(unsigned)).verified, false)
    // Another organization's key signs for itself alone.
    const other = await world.issuer()
    const theirs = await other.published((await other.issue()).publicUrl)
    assert.equal((await verify({ ...credential, issuer: theirs.credential.issuer })).verified, false)
    assert.equal((await verify({ ...credential, proof: theirs.credential.proof })).verified, false)
    expectProblem(await ask('POST', '/v1/verify', { json: { credential: 'text' } }), 422, 'validation-failed')
    expectProblem(await ask('POST', '/v1/verify', { json: { credential, more: 1 } }), 422, 'validation-failed')
  }),

  scenario('an erased person is gone from everywhere, and the log still proves', async (world) => {
    const { ask, installation } = world
    const issuer = await world.issuer()
    const erased = await issuer.issue({ name: 'Zebulon Quackenbush', email: issuer.email('zebulon') })
    const kept = await issuer.issue({ name: 'Ada Lovelace' })
    const before = await issuer.published(erased.publicUrl)
    await until('the e-mail', async () => (await mailsTo(installation.mailDir, erased.order.email))[0])
    const old = await readCheckpoint(ask)

    const { id } = erased.recipient!
    const gone = expectStatus(await issuer.ask('DELETE', `/v1/recipients/${id}`), 200)
    assert.deepEqual(expectStatus(await issuer.ask('DELETE', `/v1/recipients/${id}`), 200).json, gone.json)
    const isGone = (path: string, accept: string) =>
      until(`${path} to be gone`, async () => (await ask('GET', path, { headers: { accept } })).status === 410)
    await isGone(erased.publicUrl, 'application/json')
    expectProblem(await ask('GET', erased.publicUrl, { headers: { accept: 'application/json' } }), 410, 'gone')
    expectProblem(await ask('GET', erased.documentUrl), 410, 'gone')
    expectProblem(await ask('GET', before.links.pdf), 410, 'gone')
    const page = expectStatus(await ask('GET', erased.publicUrl, { headers: { accept: 'text/html' } }), 410)
    assert.doesNotMatch(page.text, /Zebulon|Quackenbush/)

    await until('the list to show no recipient', async () => {
      const { credentials } = expectStatus(await issuer.ask('GET', '/v1/credentials'), 200).json
      return credentials.find((one: any) => one.id === erased.id)?.recipient === null
    })
    await until('the search to find no one', async () => (await issuer.ask('GET', '/v1/credentials?q=Quackenbush')).json.credentials.length === 0)
    await until('the mail to be deleted', async () => (await mailsTo(installation.mailDir, erased.order.email)).length === 0)
    expectProblem(await issuer.ask('GET', `/v1/credentials/${erased.id}/certificate.pdf`), 410, 'gone')
    assert.equal((await ask('GET', kept.publicUrl)).status, 200)

    const receipt = await until('every module to confirm', async () => {
      const { json } = expectStatus(await issuer.ask('GET', `/v1/recipients/${id}/erasure`), 200)
      return json.complete && json
    })
    assert.deepEqual(receipt.parts.map(({ module }: { module: string }) => module), ['identity', 'issuance', 'notification', 'verification'])
    assert.equal(receipt.erasedAt, gone.json.erasedAt)
    assert.equal(receipt.signed.split('.').length, 3)
    const stranger = await world.issuer()
    for (const [asked, who] of [[stranger, id], [issuer, kept.recipient!.id]] as const)
      expectProblem(await asked.ask('GET', `/v1/recipients/${who}/erasure`), 404, 'not-found')

    // The entry stays, and only a copy that someone kept can still be found in it.
    const now = await readCheckpoint(ask)
    const entries = await readEntries(ask, now.size)
    assert.ok(rootOf(entries).equals(now.root))
    assert.ok(rootOf(entries.slice(0, old.size)).equals(old.root), 'The old tree is no beginning of the new one.')
    assert.ok(entries[before.log.index]!.equals(entryOf(before.credential, before.log.salt)))
  }, everyBoundary),
]
