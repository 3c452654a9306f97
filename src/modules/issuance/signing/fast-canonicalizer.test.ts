import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalize } from '#platform/credentials/canonicalize.ts'
import { CREDENTIALS_V2, OPEN_BADGES_V3 } from '#platform/credentials/contexts.ts'
import type { JsonObject, JsonValue } from '#platform/credentials/json.ts'
import { createFastCanonicalizer } from './fast-canonicalizer.ts'

/** More than the default by `VELLUM_PROPERTY_RUNS=10000`. */
const RUNS = Number(process.env['VELLUM_PROPERTY_RUNS'] ?? 400)

describe('canonical forms by compiled shapes', () => {
  it('are the ones of the general implementation, and mostly take the fast way', async () => {
    const fast = createFastCanonicalizer({ capacity: 400 })
    const kinds = { equal: 0, refused: 0 }
    await fc.assert(fc.asyncProperty(document, async (sample) => {
      const expected = await outcome(canonicalize, sample)
      expect(await outcome(fast.canonicalize, sample)).toEqual(expected)
      kinds['form' in expected ? 'equal' : 'refused']++
    }), { numRuns: RUNS })
    expect(kinds.equal).toBeGreaterThan(RUNS / 2)
    expect(fast.counts().fast).toBeGreaterThan(RUNS / 4)
  }, 600_000)

  it('come from one compilation for all credentials that differ in texts alone', async () => {
    const fast = createFastCanonicalizer()
    for (let n = 0; n < 20; n++) await fast.canonicalize(badge({ name: `Name ${n}` }))
    expect(fast.counts()).toEqual({ fast: 19, general: 1, shapes: 1 })
  })

  it('tell blank nodes apart by all their quads, also where two nodes share most of them', async () => {
    const fast = createFastCanonicalizer()
    const identifiers = [['a', 'b'], ['b', 'a'], ['a', 'a'], ['c', 'd'], ['d', 'd'], ['d', 'c']]
    for (const [one = '', two = ''] of identifiers) {
      const sample = badge({}, [identity(one, 'salt'), identity(two, 'salt'), identity(one, 'other')])
      expect(await fast.canonicalize(sample)).toBe(await canonicalize(sample))
    }
    expect(fast.counts().shapes).toBe(1)
  })

  it('tell blank nodes apart that differ only in what lies behind them, in whatever order they come', async () => {
    const criteria = { id: 'https://example.org/criteria' }
    const fast = createFastCanonicalizer()
    for (const [role, otherRole] of [['x', 'y'], ['same', 'same']] as const) {
      for (const [one, two] of [['a', 'b'], ['b', 'a'], ['c', 'd'], ['d', 'c']] as const) {
        const sample = { ...badge({}), credentialSubject: [
          { ...subject(badge({ criteria }, [identity(one, 'salt')])), role },
          { ...subject(badge({ criteria }, [identity(two, 'salt')])), role: otherRole },
        ] }
        expect(await fast.canonicalize(sample)).toBe(await canonicalize(sample))
      }
    }
    expect(fast.counts()).toEqual({ fast: 3, general: 5, shapes: 1 })
  })

  it('leave the fast way when a key, length, type, boolean, number, language or context changes', async () => {
    const changes: ((sample: JsonObject) => void)[] = [
      (sample) => { sample['description'] = 'new' },
      (sample) => { delete sample['name'] },
      (sample) => { sample['type'] = ['VerifiableCredential', 'AchievementCredential'] },
      (sample) => { sample['name'] = { '@value': 'Name', '@language': 'en' } },
      (sample) => { subject(sample)['identifier'] = [identity('a', 'b'), identity('c', 'd')] },
      (sample) => { (subject(sample)['identifier'] as JsonObject[])[0]!['hashed'] = false },
      (sample) => { (subject(sample)['achievement'] as JsonObject)['creditsAvailable'] = 3 },
      (sample) => { sample['@context'] = [CREDENTIALS_V2, OPEN_BADGES_V3.replace('3.0.3', '3.0.2')] },
      (sample) => { sample['id'] = 'urn:uuid:7bb36e8c-0c6d-4dd0-8b13-0d1b4ba86f4b' },
      (sample) => { sample['id'] = 'https://example.org/é' },
    ]
    for (const change of changes) {
      const fast = createFastCanonicalizer()
      await fast.canonicalize(badge({}))
      const sample = badge({})
      change(sample)
      expect(await fast.canonicalize(sample), String(change)).toBe(await canonicalize(sample))
      expect(fast.counts().fast, String(change)).toBe(0)
    }
  })

  it('do not take a text for a plain IRI whose scheme the context defines as a prefix', async () => {
    const context = [CREDENTIALS_V2, OPEN_BADGES_V3, { did: 'https://elsewhere.example/' }]
    const fast = createFastCanonicalizer()
    for (const id of ['https://example.org/1', 'did:web:example.org', 'did:web:example.com']) {
      const sample = { ...badge({}), '@context': context, id }
      expect(await fast.canonicalize(sample)).toBe(await canonicalize(sample))
    }
  })

  it('keep no more shapes than they may', async () => {
    const fast = createFastCanonicalizer({ capacity: 2 })
    for (const creditsAvailable of [1, 2, 3, 4]) await fast.canonicalize(badge({ creditsAvailable }))
    expect(fast.counts()).toMatchObject({ general: 4, shapes: 2 })
    await fast.canonicalize(badge({ creditsAvailable: 4 }))
    await fast.canonicalize(badge({ creditsAvailable: 1 }))
    expect(fast.counts()).toMatchObject({ fast: 1, general: 5, shapes: 2 })
  })

  it('refuse what the general implementation refuses, also when the shape is known', async () => {
    const fast = createFastCanonicalizer()
    await fast.canonicalize(badge({}))
    for (const damage of typed({ id: 'no/absolute/iri' }, { undefinedTerm: 'x' }, { name: 'half \ud800' })) {
      const refused = fast.canonicalize({ ...badge({}), ...damage })
      await expect(refused).rejects.toMatchObject({ code: 'invalid_document' })
    }
  })
})

async function outcome(way: (sample: JsonObject) => Promise<string>, sample: JsonObject) {
  try {
    return { form: await way(structuredClone(sample)) }
  } catch (error) {
    return { refused: (error as Error).message }
  }
}

function badge(achievement: JsonObject, identifier: JsonObject[] = [identity('sha256$0', 'salt')]): JsonObject {
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

function identity(identityHash: string, salt: string): JsonObject {
  return { type: 'IdentityObject', hashed: true, identityHash, identityType: 'emailAddress', salt }
}

const typed = (...items: JsonObject[]) => items

function subject(sample: JsonObject): JsonObject {
  return sample['credentialSubject'] as JsonObject
}

// Texts and IRIs that are hard on an escaper, a label or a mark; and structures that are few, so that shapes recur.
const hardText = fc.array(fc.constantFrom(
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
]

const document = fc.record({
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
