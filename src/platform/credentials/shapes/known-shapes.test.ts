import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalize } from '../canonicalize.ts'
import { CREDENTIALS_V2, OPEN_BADGES_V3 } from '../contexts.ts'
import type { JsonObject } from '../json.ts'
import { badge, hardDocument, identity, propertyRuns, subject, typed } from '../../../../test/credentials/hard-documents.ts'
import { createKnownShapes } from './known-shapes.ts'

const RUNS = propertyRuns(600)

describe('canonical forms by compiled shapes', () => {
  it('are the ones of the general implementation, and mostly take the fast way', async () => {
    const shapes = createKnownShapes({ capacity: 400 })
    const kinds = { equal: 0, refused: 0 }
    await fc.assert(fc.asyncProperty(hardDocument, async (sample) => {
      const expected = await outcome(canonicalize, sample)
      expect(await outcome(shapes.canonicalize, sample)).toEqual(expected)
      kinds['form' in expected ? 'equal' : 'refused']++
    }), { numRuns: RUNS })
    expect(kinds.equal).toBeGreaterThan(RUNS / 2)
    expect(shapes.counts().fast).toBeGreaterThan(RUNS / 6)
  }, 600_000)

  it('come from one compilation for all credentials that differ in texts alone', async () => {
    const shapes = createKnownShapes()
    for (let n = 0; n < 20; n++) await shapes.canonicalize(badge({ name: `Name ${n}` }))
    expect(shapes.counts()).toEqual({ fast: 19, general: 1, shapes: 1 })
  })

  it('tell blank nodes apart by all their quads, also where two nodes share most of them', async () => {
    const shapes = createKnownShapes()
    const identifiers = [['a', 'b'], ['b', 'a'], ['a', 'a'], ['c', 'd'], ['d', 'd'], ['d', 'c']]
    for (const [one = '', two = ''] of identifiers) {
      const sample = badge({}, [identity(one, 'salt'), identity(two, 'salt'), identity(one, 'other')])
      expect(await shapes.canonicalize(sample)).toBe(await canonicalize(sample))
    }
    expect(shapes.counts().shapes).toBe(1)
  })

  it('tell blank nodes apart that differ only in what lies behind them, in whatever order they come', async () => {
    const criteria = { id: 'https://example.org/criteria' }
    const shapes = createKnownShapes()
    for (const [role, otherRole] of [['x', 'y'], ['same', 'same']] as const) {
      for (const [one, two] of [['a', 'b'], ['b', 'a'], ['c', 'd'], ['d', 'c']] as const) {
        const sample = { ...badge({}), credentialSubject: [
          { ...subject(badge({ criteria }, [identity(one, 'salt')])), role },
          { ...subject(badge({ criteria }, [identity(two, 'salt')])), role: otherRole },
        ] }
        expect(await shapes.canonicalize(sample)).toBe(await canonicalize(sample))
      }
    }
    expect(shapes.counts()).toEqual({ fast: 3, general: 5, shapes: 1 })
  })

  it('order lines as the general implementation does, where code points and UTF-16 units come in another order', async () => {
    const shapes = createKnownShapes()
    for (const [one, two] of [['a', 'b'], ['\uE000', '𝒜'], ['𝒜', '\uFFFF'], ['same \uFFFD', 'same 👩‍🎓']] as const) {
      const sample = badge({ tag: [one, two] }, [identity(one, two), identity(two, one)])
      expect(await shapes.canonicalize(sample)).toBe(await canonicalize(sample))
    }
    expect(shapes.counts()).toMatchObject({ fast: 3 })
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
      const shapes = createKnownShapes()
      await shapes.canonicalize(badge({}))
      const sample = badge({})
      change(sample)
      expect(await shapes.canonicalize(sample), String(change)).toBe(await canonicalize(sample))
      expect(shapes.counts().fast, String(change)).toBe(0)
    }
  })

  it('do not take a text for a plain IRI whose scheme the context defines as a prefix', async () => {
    const context = [CREDENTIALS_V2, OPEN_BADGES_V3, { did: 'https://elsewhere.example/' }]
    const shapes = createKnownShapes()
    for (const id of ['https://example.org/1', 'did:web:example.org', 'did:web:example.com']) {
      const sample = { ...badge({}), '@context': context, id }
      expect(await shapes.canonicalize(sample)).toBe(await canonicalize(sample))
    }
  })

  it('are recalled without being learned, and learned without being asked for', async () => {
    const shapes = createKnownShapes()
    expect(shapes.recall(badge({}))).toBeUndefined()
    expect(shapes.counts()).toEqual({ fast: 0, general: 0, shapes: 0 })
    await shapes.learn(badge({}))
    await shapes.learn(badge({ name: 'Other' }))
    expect(shapes.counts()).toMatchObject({ shapes: 1 })
    expect(shapes.recall(badge({ name: 'Third' }))).toBe(await canonicalize(badge({ name: 'Third' })))
    expect(shapes.recall(badge({ tag: ['x'] }))).toBeUndefined()
  })

  it('keep no more shapes than they may', async () => {
    const shapes = createKnownShapes({ capacity: 2 })
    for (const creditsAvailable of [1, 2, 3, 4]) await shapes.canonicalize(badge({ creditsAvailable }))
    expect(shapes.counts()).toMatchObject({ general: 4, shapes: 2 })
    await shapes.canonicalize(badge({ creditsAvailable: 4 }))
    await shapes.canonicalize(badge({ creditsAvailable: 1 }))
    expect(shapes.counts()).toMatchObject({ fast: 1, general: 5, shapes: 2 })
  })

  it('refuse what the general implementation refuses, also when the shape is known', async () => {
    const shapes = createKnownShapes()
    await shapes.canonicalize(badge({}))
    for (const damage of typed({ id: 'no/absolute/iri' }, { undefinedTerm: 'x' }, { name: 'half \ud800' })) {
      const refused = shapes.canonicalize({ ...badge({}), ...damage })
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
