import assert from 'node:assert/strict'
import { expectStatus } from './expect.ts'
import { entryOf, readCheckpoint, readEntries, rootOf } from './reference-log.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

/** Runs when nobody else does: it kills the process. */
export default [
  scenario('what was acknowledged before a kill -9 comes true after it, once', async ({ ask, installation, issuer: newIssuer }) => {
    const issuer = await newIssuer()
    const done = await issuer.issue()
    const shown = await issuer.published(done.publicUrl)
    const before = await readCheckpoint(ask)
    const accepted = await Promise.all(
      ['grace', 'hedy', 'alan', 'edsger'].map((who) => issuer.accept({ email: issuer.email(who), key: who })),
    )
    await installation.kill()
    await installation.start()

    assert.deepEqual((await issuer.published(done.publicUrl)).credential, shown.credential)
    const published = await Promise.all(
      accepted.map(async ({ id }) => {
        const { publicUrl } = await issuer.issued(id)
        return issuer.published(publicUrl)
      }),
    )
    await until('all e-mails', async () => {
      const { messages } = expectStatus(await issuer.ask('GET', '/v1/messages?state=sent'), 200).json
      return messages.length === 5
    })
    const { size, root } = await readCheckpoint(ask)
    const entries = await readEntries(ask, size)
    assert.ok(rootOf(entries).equals(root))
    assert.ok(rootOf(entries.slice(0, before.size)).equals(before.root), 'The log of before is no beginning of this one.')
    for (const { credential, log } of [shown, ...published]) {
      const entry = entryOf(credential, log.salt)
      assert.deepEqual(entries.flatMap((one, at) => (one.equals(entry) ? [at] : [])), [log.index])
    }
    const again = await issuer.ask('POST', '/v1/credentials', {
      json: { recipient: { name: 'Ada Lovelace', email: issuer.email('grace') }, achievement: { name: 'Distributed Systems' } },
      headers: { 'idempotency-key': 'grace' },
    })
    assert.equal(expectStatus(again, 202).json.id, accepted[0]!.id)
    expectStatus(await issuer.ask('POST', `/v1/credentials/${done.id}/revoke`, { json: {} }), 200)
    assert.equal((await ask('GET', done.publicUrl)).json.status, 'revoked')
  }),
]
