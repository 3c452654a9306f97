import fc from 'fast-check'
import { CREDENTIALS_V2, OPEN_BADGES_V3 } from '#platform/credentials/contexts.ts'
import type { JsonObject, JsonValue } from '#platform/credentials/json.ts'

// Credentials that are hard on whoever brings them into canonical form by another way than the general one.

/** How many random documents a property is tried on. `./scripts/test --full` asks for more by this variable. */
export const propertyRuns = (usual: number): number => Number(process.env['VELLUM_PROPERTY_RUNS'] ?? usual)

/** A credential with all that it must have; `achievement` overrides and adds. */
export function badge(achievement: JsonObject, identifier: JsonObject[] = [identity('sha256$0', 'salt')]): JsonObject {
  return {
    '@context': [CREDENTIALS_V2, OPEN_BADGES_V3],
    id: 'https://example.org/credentials/1',
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    issuer: { id: 'did:web:example.org', type: ['Profile'], name: 'Example' },
    validFrom: '2026-01-31T00:00:00Z',
    name: 'Name',
    credentialSubject: {
      type: ['AchievementSubject'],
      identifier,
      achievement: {
        id: 'https://example.org/achievements/1', type: ['Achievement'], name: 'Name', description: 'Words',
        criteria: { narrative: 'Done' }, ...achievement,
      },
    },
  }
}

export function identity(identityHash: string, salt: string): JsonObject {
  return { type: 'IdentityObject', hashed: true, identityHash, identityType: 'emailAddress', salt }
}

/** Objects as a list of JSON objects. */
export const typed = (...items: JsonObject[]) => items

export function subject(sample: JsonObject): JsonObject {
  return sample['credentialSubject'] as JsonObject
}

// Texts and IRIs that are hard on an escaper, a label or a mark; and structures that are few, so that shapes recur.
export const hardText = fc.array(fc.constantFrom(
  '"', '\\', '\n', '\r', '\t', '\b', '\f', '\0', '\x1f', '\x7f', '\x85', '\u2028', ' ', 'Ada', 'é', 'e\u0301', 'محمد',
  'क्ष', '王', '𝒜', '👩‍🎓', '\uE000', '\uFFFD', '\uFFFF', '<', '>', '^^', '@en', '_:c14n0', ' .\n', '$&', '$1',
  '\\u0041',
  'https://0.invalid/0/', '_:a', '_:z', 'schema:name', '@id', '',
), { maxLength: 5 }).map((parts) => parts.join(''))
const text = fc.oneof(
  { weight: 60, arbitrary: hardText },
  { weight: 20, arbitrary: fc.constantFrom('same', 'other') },
  { weight: 20, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constant('lone \ud800') },
)
const iri = fc.oneof(
  { weight: 80, arbitrary: fc.webUrl() },
  { weight: 60, arbitrary: fc.constantFrom('https://example.org/same', 'https://example.org/a?b=%20#c') },
  { weight: 2, arbitrary: fc.constantFrom('did:web:example.org', 'mailto:a@example.org') },
  { weight: 2, arbitrary: fc.uuid().map((id) => `urn:uuid:${id}`) },
  { weight: 2, arbitrary: fc.constantFrom(
    'rel/path', 'schema:foo', '_:b3', '', 'https://example.org/é', 'https://example.org/a b', 'https://example.org/"',
    'urn:isbn:1', 'tag:example.org,2026:a', '@id', 'type', 'HTTPS://EXAMPLE.ORG/',
  ) },
)
const languages = fc.constantFrom<JsonObject[]>(
  { '@language': 'en' }, { '@language': 'en-US' }, { '@language': 'ar', '@direction': 'rtl' })
const spoken = fc.tuple(text, languages).map(([value, language]): JsonValue => ({ '@value': value, ...language }))
const identifier = fc.tuple(text, text).map(([value, salt]) => identity(value, salt))

/** What is added to the credential, its subject and its achievement, made of two texts and an IRI. */
type Variant = (a: string, b: string, c: string) => [JsonObject, JsonObject, JsonObject]

const variants: Variant[] = [
  () => [{}, {}, {}],
  (a, b) => [{}, {
    role: a, result: typed({ type: ['Result'], value: a }, { type: ['Result'], value: b, status: 'Completed' }) }, {}],
  (a, b, c) => [{
    evidence: typed({ id: c, type: ['Evidence'], name: a }, { type: ['Evidence'], narrative: b }) }, {}, {}],
  (a, b, c) => [{}, {}, {
    tag: [a, b, a], alignment: [{ type: ['Alignment'], targetName: b, targetUrl: c, targetFramework: a }] }],
  (a, _, c) => [{}, { id: c }, { image: { id: c, type: 'Image', caption: a }, creditsAvailable: 2.5 }],
  (a, b, c) => [{ credentialStatus: typed(statusEntry('revocation', a, c), statusEntry('suspension', b, c)) }, {}, {}],
  (a, b, c) => [{ credentialStatus: statusEntry('revocation', a, c), validUntil: b, termsOfUse: typed({ id: c, type: 'IssuerPolicy' }) }, {}, {}],
  (a, b) => [{ description: typed({ '@value': a, '@language': 'en' }, { '@value': b, '@language': 'he', '@direction': 'rtl' }) }, {}, {}],
  (a, b, c) => [{}, { source: { id: c, type: ['Profile'], name: a } }, {
    creator: { id: c, type: ['Profile'], name: b, otherIdentifier: typed({ type: 'IdentifierEntry', identifier: a, identifierType: 'sourcedId' }) } }],
  (a, b, c) => [{}, { result: typed({ type: ['Result'], resultDescription: c, value: a }) }, {
    resultDescription: typed({
      id: c, type: ['ResultDescription'], name: b, resultType: 'RubricCriterionLevel',
      rubricCriterionLevel: typed({ id: c, type: ['RubricCriterionLevel'], name: a, level: b }, { id: `${c}2`, type: ['RubricCriterionLevel'], name: b }),
    }) }],
  (a, b, c) => [{}, {}, { related: typed({ id: c, type: ['Related'], '@language': 'en', version: a }), version: b, inLanguage: 'en' }],
  (a, b, c) => [{ credentialSchema: typed({ id: c, type: '1EdTechJsonSchemaValidator2019' }), refreshService: { id: c, type: '1EdTechCredentialRefresh' } }, { role: a, term: b }, {}],
]

function statusEntry(purpose: string, index: string, list: string): JsonObject {
  return { id: `${list}#1`, type: 'BitstringStatusListEntry', statusPurpose: purpose, statusListIndex: index, statusListCredential: list }
}

/** Badges with all of these, in structures that are few, so that shapes recur. */
export const hardDocument = fc.record({
  id: iri,
  issuer: iri,
  name: fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: spoken }),
  description: text,
  achievementId: iri,
  identifiers: fc.array(identifier, { minLength: 1, maxLength: 3 }),
  variant: fc.constantFrom(...variants),
  unknown: fc.oneof({ weight: 40, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: text }),
  more: fc.tuple(text, text, iri),
}).map(({ id, issuer, name, description, achievementId, identifiers, variant, more, unknown }): JsonObject => {
  const [ofCredential, ofSubject, ofAchievement] = variant(...more)
  const sample = badge({ id: achievementId, name, description, ...ofAchievement }, identifiers)
  return {
    ...sample, ...ofCredential, ...(unknown !== undefined && { unknownTerm: unknown }),
    id, issuer: { id: issuer, type: ['Profile'], name: description },
    credentialSubject: { ...subject(sample), ...ofSubject },
  }
})
