import assert from 'node:assert/strict'
import { expectProblem, expectStatus } from './expect.ts'
import { verifyElsewhere } from './reference-verifier.ts'
import { scenario } from './scenario.ts'

const credential = (over: object = {}) => ({
  '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiableCredential'], issuer: 'did:example:issuer',
  credentialSubject: { id: 'did:example:subject' }, ...over,
})

export default [
  scenario('VC-API signs what conforms in the name of the organization, and verifies it', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const post = (path: string, json: unknown) => ask('POST', `/vc-api/${issuer.slug}/${path}`, { json })
    const signed = expectStatus(await post('credentials/issue', { credential: credential(), options: {} }), 201).json
    const did = expectStatus(await ask('GET', `/organizations/${issuer.slug}/did.json`), 200).json
    assert.equal(signed.issuer, did.id)
    assert.ok((await verifyElsewhere(signed, did)).verified)
    const verified = expectStatus(await post('credentials/verify', { verifiableCredential: signed, options: { checks: ['proof'] } }), 200).json
    assert.deepEqual(verified, { verified: true, errors: [] })
    const presentation = { '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiablePresentation'], verifiableCredential: [signed] }
    expectStatus(await post('presentations/verify', { verifiablePresentation: presentation }), 200)

    expectProblem(await post('credentials/issue', { credential: credential({ issuer: null }) }), 422, 'validation-failed')
    expectProblem(await post('credentials/issue', { credential: credential({ undefinedTerm: 1 }) }), 422, 'validation-failed')
    expectProblem(await post('credentials/verify', { verifiableCredential: { ...signed, name: 'forged' } }), 422, 'validation-failed')
    expectProblem(await post('presentations/verify', { verifiablePresentation: { ...presentation, verifiableCredential: [{ ...signed, name: 'forged' }] } }), 422, 'validation-failed')
    expectProblem(await ask('POST', '/vc-api/no-such-organization/credentials/issue', { json: { credential: credential() } }), 404, 'not-found')
  }, ['issuance', 'verification']),
]
