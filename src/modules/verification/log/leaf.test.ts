import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { credentialLeaf, newSalt } from './leaf.ts'

const salt = Buffer.alloc(32, 7).toString('base64url')
const credential = {
  '@context': ['https://www.w3.org/ns/credentials/v2'],
  id: 'https://example.org/credentials/1',
  credentialSubject: { name: 'Zoë Öztürk', score: 1.0 },
  proof: [{ type: 'DataIntegrityProof', proofValue: 'z58DAdFfa9SkqZMVPxAQpic7ndSayn1PzZs6ZjWp1CktyGesjuTSwRdo' }],
}

describe('the leaf of a credential', () => {
  it('is, for ever, these bytes', () => {
    expect(Buffer.from(credentialLeaf(credential, salt)).toString('hex')).toBe(
      '5f9bddff1a3428b0adc2aa0e7c51aad926194b5737cc912ab8a664bf48a00b8e',
    )
  })

  it('can be recomputed from the written definition alone', () => {
    const canonical =
      '{"@context":["https://www.w3.org/ns/credentials/v2"],"credentialSubject":{"name":"Zoë Öztürk","score":1},' +
      '"id":"https://example.org/credentials/1","proof":[{"proofValue":' +
      '"z58DAdFfa9SkqZMVPxAQpic7ndSayn1PzZs6ZjWp1CktyGesjuTSwRdo","type":"DataIntegrityProof"}]}'
    const digest = createHash('sha256').update(canonical).digest()
    const input = Buffer.concat([Buffer.from('vellum.log.credential.v1'), Buffer.alloc(1), Buffer.alloc(32, 7), digest])
    expect(input).toHaveLength(24 + 1 + 32 + 32)
    expect(credentialLeaf(credential, salt)).toEqual(createHash('sha256').update(input).digest())
  })

  it('does not change when a wallet indents the credential or reorders its members', () => {
    const reordered = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(credential, null, 4))).reverse())
    expect(Object.keys(reordered)[0]).toBe('proof')
    expect(credentialLeaf(reordered, salt)).toEqual(credentialLeaf(credential, salt))
  })

  it('changes with one letter, with the proof, and with the salt', () => {
    const leaves = [
      credentialLeaf(credential, salt),
      credentialLeaf({ ...credential, credentialSubject: { name: 'Zoe Öztürk', score: 1 } }, salt),
      credentialLeaf({ ...credential, proof: [] }, salt),
      credentialLeaf(credential, newSalt()),
    ].map((leaf) => Buffer.from(leaf).toString('hex'))
    expect(new Set(leaves).size).toBe(4)
  })

  it.each([
    ['short', 'AAAA'],
    ['padded', `${salt}=`],
    ['in plain base64', Buffer.alloc(32, 255).toString('base64')],
    ['empty', ''],
  ])('refuses a salt that is %s', (_what, bad) => {
    expect(() => credentialLeaf(credential, bad)).toThrow('salt')
  })

  it('refuses what is no JSON object', () => {
    for (const value of [null, [], 'text', undefined]) expect(() => credentialLeaf(value, salt)).toThrow(TypeError)
  })

  it('gets a new salt of 32 bytes each time', () => {
    expect(Buffer.from(newSalt(), 'base64url')).toHaveLength(32)
    expect(newSalt()).not.toBe(newSalt())
  })
})
