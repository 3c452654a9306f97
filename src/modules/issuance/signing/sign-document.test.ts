import { expect, test } from 'vitest'
import { CREDENTIALS_V2 } from '#platform/credentials/contexts.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { createSigner } from './signer.ts'
import { canonicalize } from '#platform/credentials/canonicalize.ts'
import { didKeyFromPublicKey, verificationMethodId } from '#platform/credentials/did.ts'
import { generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import { verifyCredential } from '#platform/credentials/verify-credential.ts'
import { issuanceConfig } from '../config.ts'
import { createDocumentSigner } from './sign-document.ts'

const { privateKey, publicKey } = generateEd25519KeyPair()
const did = didKeyFromPublicKey(publicKey)
const signer = createSigner({ privateKey, verificationMethod: verificationMethodId(did, publicKey), canonicalize })

function signerWith(VC_API?: string) {
  const organizationKeys = { signer: async () => ({ did, sign: async () => { throw new Error('learns') }, signForeign: signer.sign }) }
  const clients = { identity: { organization: async ({ slug }: { slug: string }) => ({ id: slug }) } }
  return createDocumentSigner({ clients, config: issuanceConfig.parse({ VC_API }) } as never, organizationKeys as never)
}

const credential: JsonObject = { '@context': [CREDENTIALS_V2], type: ['VerifiableCredential'], issuer: 'did:example:issuer', credentialSubject: { id: 'did:example:subject' } }
const request = (over: JsonObject = {}, slug = 'acme') => ({ slug, document: JSON.stringify({ ...credential, ...over }), created: '2026-06-01T12:00:00Z' })

test('a document is signed as the organization that the setting names, twice alike', async () => {
  const sign = signerWith('globex, acme')
  for (const issuer of ['did:example:issuer', { id: 'did:example:issuer', name: 'X' }]) {
    const { document } = await sign(request({ issuer }))
    expect(await sign(request({ issuer }))).toEqual({ document })
    const signed = JSON.parse(document) as JsonObject
    expect(signed['issuer']).toEqual(typeof issuer === 'string' ? did : { ...issuer, id: did })
    expect(await verifyCredential(signed, { resolveDid: async () => undefined, now: new Date('2026-06-02') })).toMatchObject({ verified: true })
  }
  expect((await signerWith('*')(request({}, 'anyone'))).document).toContain(did)
})

test('nothing is signed for another organization, or without the setting, or that no signature can cover', async () => {
  await expect(signerWith('acme')(request({}, 'globex'))).rejects.toMatchObject({ code: 'not-found' })
  await expect(signerWith()(request())).rejects.toMatchObject({ code: 'not-found' })
  await expect(signerWith('acme')(request({ undefinedTerm: 1 }))).rejects.toMatchObject({ code: 'validation-failed' })
  await expect(signerWith('acme')(request({ '@context': ['https://example.org/context'] }))).rejects.toMatchObject({ code: 'validation-failed' })
  for (const wrong of ['', 'Acme', 'acme;globex', '*,acme', 'a b']) expect(issuanceConfig.safeParse({ VC_API: wrong }).success).toBe(false)
})
