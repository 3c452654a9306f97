import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { credentialFaults, presentationFaults } from './conformance.ts'
import { CREDENTIALS_V2 } from './contexts.ts'
import type { JsonObject, JsonValue } from './json.ts'

const least: JsonObject = {
  '@context': [CREDENTIALS_V2], type: ['VerifiableCredential'], issuer: 'did:example:issuer', credentialSubject: { id: 'did:example:subject' },
}
const presentation: JsonObject = { '@context': [CREDENTIALS_V2], type: ['VerifiablePresentation'] }
const paths = (document: JsonObject, of = credentialFaults) => of(document).map(({ detail }) => detail?.split(' ')[0])
const without = (name: string): JsonObject => Object.fromEntries(Object.entries(least).filter(([key]) => key !== name))

describe('a conforming credential', () => {
  it.each<[string, JsonObject]>([
    ['has no more than it must', {}],
    ['has a subject without id', { credentialSubject: { degree: 'none' } }],
    ['has several subjects', { credentialSubject: [{ id: 'did:example:a' }, { id: 'did:example:b' }] }],
    ['has an issuer that is an object', { issuer: { id: 'https://issuer.example', name: { '@value': 'X', '@language': 'en', '@direction': 'ltr' } } }],
    ['has names in several languages', { name: [{ '@value': 'X', '@language': 'en' }, { '@value': 'س', '@language': 'ar', '@direction': 'rtl' }] }],
    ['has types in any order, URLs among them', { type: ['https://example.org/#T', 'VerifiableCredential'] }],
    ['has a context of its own', { '@context': [CREDENTIALS_V2, { T: 'https://example.org/#T' }] }],
    ['has a period', { validFrom: '2019-05-25T03:10:16.992Z', validUntil: '2019-05-25T03:10:16.992-02:00' }],
    ['has typed objects, one or several', { evidence: [{ type: 'E' }, { type: ['E'], id: 'urn:x:1' }], termsOfUse: { type: 'T' }, refreshService: { type: 'R' } }],
    ['has schemas', { credentialSchema: [{ id: 'did:example:schema', type: 'S' }] }],
    ['has a status of another kind', { credentialStatus: { type: 'CredentialStatusList2017' } }],
    ['has related resources', { relatedResource: [{ id: 'https://example.org/a', digestSRI: 'sha256-x' }, { id: 'https://example.org/b', digestMultibase: 'ux' }] }],
  ])('%s', (_, over) => {
    expect(credentialFaults({ ...least, ...over })).toEqual([])
  })

  it.each<[string, JsonValue | undefined, string]>([
    ['@context', undefined, '@context'], ['@context', CREDENTIALS_V2, '@context'], ['@context', ['https://www.w3.org/ns/credentials/examples/v2', CREDENTIALS_V2], '@context'],
    ['@context', [CREDENTIALS_V2, 123192875], '@context'], ['@context', [CREDENTIALS_V2, 'https ://not-a-url'], '@context'],
    ['type', undefined, 'type'], ['type', ['Other'], 'type'], ['type', ['VerifiableCredential', 7], 'type'],
    ['id', null, 'id'], ['id', ['https://a.example', 'https://b.example'], 'id'], ['id', 'not a url', 'id'], ['id', 'nothing', 'id'],
    ['issuer', undefined, 'issuer'], ['issuer', null, 'issuer'], ['issuer', 'not-a-url', 'issuer'], ['issuer', { id: null }, 'issuer'], ['issuer', { id: 'z6Mk' }, 'issuer'], ['issuer', {}, 'issuer'],
    ['issuer', { id: 'did:example:i', name: { '@value': 'X', url: 'did:example:x' } }, 'issuer.name'],
    ['name', { '@value': 'X', '@language': 'en', url: 'did:example:x' }, 'name'], ['description', 7, 'description'], ['name', [], 'name'],
    ['credentialSubject', undefined, 'credentialSubject'], ['credentialSubject', {}, 'credentialSubject'], ['credentialSubject', [], 'credentialSubject'],
    ['credentialSubject', [{ id: 'did:example:a' }, {}], 'credentialSubject'], ['credentialSubject', 'did:example:a', 'credentialSubject'],
    ['credentialSubject', { id: ['did:example:a', 'did:example:b'] }, 'credentialSubject.id'],
    ['validFrom', '2019-05-25', 'validFrom'], ['validUntil', 'tomorrow', 'validUntil'], ['validFrom', '2019-05-25T03:10:16', 'validFrom'],
    ['credentialStatus', { id: 'did:example:s' }, 'credentialStatus'], ['credentialStatus', { type: 2 }, 'credentialStatus'],
    ['credentialStatus', { id: ['did:example:a', 'did:example:b'], type: 'S' }, 'credentialStatus.id'], ['credentialStatus', { id: 'none', type: 'S' }, 'credentialStatus.id'],
    ['credentialStatus', { type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: true, statusListCredential: 'https://example.com' }, 'credentialStatus.statusListIndex'],
    ['credentialStatus', { type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '1', statusListCredential: 'x' }, 'credentialStatus.statusListCredential'],
    ['termsOfUse', { id: 'did:example:t' }, 'termsOfUse'], ['evidence', [{ id: 'did:example:e' }], 'evidence'], ['refreshService', { id: 'did:example:r' }, 'refreshService'],
    ['credentialSchema', { id: 'did:example:c' }, 'credentialSchema'], ['credentialSchema', { type: 'S' }, 'credentialSchema.id'], ['credentialSchema', { type: 'S', id: 7 }, 'credentialSchema.id'],
    ['relatedResource', ['https://example.org/a'], 'relatedResource'], ['relatedResource', { digestSRI: 'x' }, 'relatedResource.id'], ['relatedResource', { id: 'https://example.org/a' }, 'relatedResource'],
    ['relatedResource', [{ id: 'https://example.org/a', digestSRI: 'x' }, { id: 'https://example.org/a', digestSRI: 'x' }], 'relatedResource.id'],
  ])('has no %s like %j', (name, value, path) => {
    expect(paths(value === undefined ? without(name) : { ...least, [name]: value })).toContain(path)
  })

  it('does not end before it begins, and hides nothing beside a text wherever it stands', () => {
    expect(paths({ ...least, validFrom: '2026-01-02T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' })).toEqual(['validUntil'])
    expect(paths({ ...least, credentialSubject: { degree: [{ '@value': 'x', more: 1 }] } })).toEqual(['credentialSubject.degree'])
    expect(credentialFaults({ ...least, evidence: Array.from({ length: 1_000 }, () => ({ type: 'E' })) })).toMatchObject([{ code: 'too_many_parts' }])
  })

  it('is what the W3C examples of status lists are', () => {
    for (const number of ['01', '02', '03', '04']) {
      const example = JSON.parse(readFileSync(`test/vectors/w3c-bitstring-status-list/example-${number}.json`, 'utf8')) as JsonObject
      if (Array.isArray(example['type']) && example['type'].includes('VerifiableCredential')) expect([number, paths(example)]).toEqual([number, []])
    }
  })
})

describe('a conforming presentation', () => {
  it('may have an id, a holder and credentials, and needs none of them', () => {
    expect(presentationFaults(presentation)).toEqual([])
    expect(presentationFaults({ ...presentation, id: 'urn:x:1', holder: { id: 'did:example:h' }, verifiableCredential: [least] })).toEqual([])
  })

  it('has nothing else in these places', () => {
    const of = (over: JsonObject) => paths({ ...presentation, ...over }, presentationFaults)
    expect(of({ '@context': undefined as never })).toEqual(['@context'])
    expect(of({ type: ['VerifiableCredential'] })).toEqual(['type'])
    expect(of({ id: 7 })).toEqual(['id'])
    expect(of({ holder: { id: 'z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj' } })).toEqual(['holder'])
    expect(of({ verifiableCredential: ['https://example.org/credential'] })).toEqual(['verifiableCredential'])
  })
})
