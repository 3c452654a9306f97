import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { expectStatus } from './expect.ts'
import { verifyElsewhere } from './reference-verifier.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

/** Longer than a scenario may be: with --full alone. */
export default [
  scenario('the sample with faults issues 90, refuses 11, and nothing more when it comes again', async ({ ask, issuer: newIssuer }) => {
    const issuer = await newIssuer()
    const body = readFileSync('test/data/recipients-with-faults.csv')
    const send = async () => {
      const { id } = expectStatus(await issuer.ask('POST', '/v1/batches', { body, headers: { 'content-type': 'text/csv' } }), 202).json
      return until('the batch to finish', async () => {
        const { json } = await issuer.ask('GET', `/v1/batches/${id}`)
        return json.state === 'finished' && json
      })
    }
    const first = await send()
    assert.deepEqual([first.created, first.existing, first.refused, first.progress], [90, 0, 11, { issued: 90 }])
    const { errors } = expectStatus(await issuer.ask('GET', `/v1/batches/${first.id}/errors`), 200).json
    assert.equal(errors.length, 11)
    for (const error of errors) assert.deepEqual(Object.keys(error).sort(), ['code', 'column', 'line', 'message', 'record'])
    const again = await send()
    assert.deepEqual([again.created, again.existing, again.refused], [0, 90, 11])
    assert.match(again.summary, /nothing new/i)
    const did = expectStatus(await ask('GET', `/organizations/${issuer.slug}/did.json`), 200).json
    const { credentials } = expectStatus(await issuer.ask('GET', '/v1/credentials?limit=200'), 200).json
    assert.equal(credentials.length, 90)
    for (const { publicUrl } of credentials) {
      const { credential } = await issuer.published(publicUrl)
      const { verified, error } = await verifyElsewhere(credential, did)
      assert.ok(verified, JSON.stringify(error))
    }
  }),
]
