import { describe, expect, it } from 'vitest'
import { withContext } from '../context.ts'
import type { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import { EnvelopeError, sealedSubject } from './envelope.ts'
import { KeyErased, KeyNotLoaded, KeyVersionUnknown } from './key-ring-types.ts'
import { createKeyRing, digestRoot, type FetchedKey } from './key-ring.ts'

const place = { organizationId: 'org' as OrganizationId, table: 't', column: 'c', row: 'r' }
const keyOf = (subject: string, version: number) =>
  Buffer.alloc(32, `${subject}:${version}`).toString('base64')

/** An owner of keys, with the calls that it got and the seconds that have passed. */
function owner(versions: Record<string, number[] | 'erased'>) {
  const state = { calls: [] as string[][], time: 1_000_000, versions, gate: Promise.resolve() }
  const ring = createKeyRing({
    now: () => state.time,
    fetchKeys: async (subjects) => {
      state.calls.push(subjects)
      const answer = subjects.flatMap((subject): FetchedKey[] => {
        const known = state.versions[subject]
        if (known === 'erased') return [{ subject, version: 1, key: null, erased: true }]
        return (known ?? []).map((version) => ({ subject, version, key: keyOf(subject, version), erased: false }))
      })
      await state.gate
      return answer
    },
  })
  return { state, ring }
}

describe('a key ring', () => {
  it('seals and opens for a loaded subject', async () => {
    const { ring } = owner({ anna: [1] })
    await ring.load(['anna'])
    expect(ring.openText(place, ring.seal('anna', place, 'Anna Lindqvist'))).toBe('Anna Lindqvist')
    expect(() => ring.open({ ...place, row: 'other' }, ring.seal('anna', place, 'x'))).toThrow(EnvelopeError)
  })

  it('returns text exactly, a byte order mark included', async () => {
    const { ring } = owner({ anna: [1] })
    await ring.load(['anna'])
    expect(ring.openText(place, ring.seal('anna', place, '\ufeffx'))).toBe('\ufeffx')
  })

  it('refuses to seal or open with a key that is not loaded', async () => {
    const { ring } = owner({ anna: [1] })
    expect(() => ring.seal('anna', place, 'x')).toThrow(KeyNotLoaded)
    await ring.load(['anna'])
    const another = owner({ bert: [1] }).ring
    await another.load(['bert'])
    expect(() => another.open(place, ring.seal('anna', place, 'x'))).toThrow(/sealed for anna/)
  })

  it('shares one call among loads of the same turn, and asks for nobody twice', async () => {
    const { ring, state } = owner({ a: [1], b: [1], c: [1] })
    await Promise.all([ring.load(['a', 'b']), ring.load(['b', 'c']), ring.load(['a'])])
    await ring.load(['a', 'b', 'c'])
    expect(state.calls).toEqual([['a', 'b', 'c']])
  })

  it('asks for at most 500 at once', async () => {
    const subjects = Array.from({ length: 1201 }, (_, index) => `s${index}`)
    const { ring, state } = owner(Object.fromEntries(subjects.map((subject) => [subject, [1]])))
    await ring.load(subjects)
    expect(state.calls.map((call) => call.length)).toEqual([500, 500, 201])
  })

  it('seals with the newest version and still opens the older', async () => {
    const { ring, state } = owner({ anna: [1] })
    await ring.load(['anna'])
    const old = ring.seal('anna', place, 'old')
    state.versions.anna = [1, 2]
    state.time += 31_000
    await ring.load(['anna'])
    const young = ring.seal('anna', place, 'young')
    expect([ring.openText(place, old), ring.openText(place, young)]).toEqual(['old', 'young'])
    expect(young[3 + 'anna'.length + 3]).toBe(2)
  })

  it('holds a key for a minute and not longer', async () => {
    const { ring, state } = owner({ anna: [1] })
    await ring.load(['anna'])
    state.time += 60_000
    ring.seal('anna', place, 'x')
    state.time += 1
    expect(() => ring.seal('anna', place, 'x')).toThrow(/not loaded/)
  })

  it('keeps a key usable for half a minute after every load', async () => {
    const { ring, state } = owner({ anna: [1] })
    await ring.load(['anna'])
    state.time += 29_999
    await ring.load(['anna'])
    expect(state.calls).toHaveLength(1)
    state.time += 30_000
    ring.seal('anna', place, 'x')
    await ring.load(['anna'])
    expect(state.calls).toHaveLength(2)
  })

  it('has whose key was here a moment ago begin again, and takes no value for another’s', async () => {
    const { ring, state } = owner({ anna: [1], bert: [1] })
    await ring.load(['anna', 'bert'])
    const [anna, bert] = [ring.seal('anna', place, 'x'), ring.seal('bert', place, 'x')]
    ring.forget('anna')
    expect(() => ring.open(place, anna)).toThrow(KeyNotLoaded)
    expect(ring.openText(place, bert)).toBe('x')
    await ring.load(['anna'])
    expect(ring.openText(place, anna)).toBe('x')
    state.time += 60_001
    expect(() => ring.open(place, anna)).toThrow(KeyNotLoaded)
  })

  it('remembers who was erased, and opens nothing of theirs', async () => {
    const { ring, state } = owner({ anna: [1] })
    await ring.load(['anna'])
    const sealed = ring.seal('anna', place, 'x')
    state.versions.anna = 'erased'
    ring.forget('anna')
    await ring.load(['anna'])
    expect(ring.isErased('anna')).toBe(true)
    expect(() => ring.open(place, sealed)).toThrow(KeyErased)
    expect(() => ring.seal('anna', place, 'x')).toThrow(KeyErased)
    await ring.load(['anna'])
    expect(state.calls).toHaveLength(2)
  })

  it('does not keep a key that was forgotten while its answer was on the way', async () => {
    const { ring, state } = owner({ anna: [1] })
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    const loading = ring.load(['anna'])
    while (state.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    state.versions.anna = 'erased'
    ring.forget('anna')
    gate.resolve()
    await loading
    expect(ring.isErased('anna')).toBe(true)
  })

  it('finds what is there, however often it is forgotten on the way, and in the end says that it is busy', async () => {
    const rows = (subjects: string[]) => subjects.map((subject) => ({ subject, version: 1, key: keyOf(subject, 1), erased: false }))
    let forgets = 5
    const ring: ReturnType<typeof createKeyRing> = createKeyRing({
      fetchKeys: async (subjects) => {
        if (forgets-- > 0) ring.forget('anna')
        return rows(subjects)
      },
    })
    await ring.load(['anna', 'ben'])
    ring.seal('anna', place, 'x')
    forgets = Infinity
    ring.forget('anna')
    await expect(ring.load(['anna'])).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('believes an answer that tells of an erasure, though the subject was forgotten on the way', async () => {
    const ring: ReturnType<typeof createKeyRing> = createKeyRing({
      fetchKeys: async ([subject]) => {
        ring.forget(subject!)
        return [{ subject: subject!, version: 1, key: null, erased: true }]
      },
    })
    await ring.load(['anna'])
    expect(ring.isErased('anna')).toBe(true)
  })

  it('tells an unknown subject from an erased one', async () => {
    const { ring } = owner({ anna: [1] })
    await expect(ring.load(['anna', 'nobody'])).rejects.toThrow(Problem)
    await expect(ring.load(['nobody'])).rejects.toMatchObject({ code: 'not-found' })
  })

  it('asks again after a failure', async () => {
    let failures = 1
    const ring = createKeyRing({
      fetchKeys: async ([subject]) => {
        if (failures-- > 0) throw new Problem('unavailable', 'Try again.')
        return [{ subject: subject!, version: 1, key: keyOf('a', 1), erased: false }]
      },
    })
    await expect(ring.load(['a'])).rejects.toMatchObject({ code: 'unavailable' })
    await ring.load(['a'])
    ring.seal('a', place, 'x')
  })

  it('loads nothing inside a transaction', async () => {
    const { ring } = owner({ anna: [1] })
    await expect(withContext({ transaction: true }, () => ring.load(['anna']))).rejects.toThrow(/before a transaction/)
  })

  it('digests by organization and purpose, and the same after the key was rotated', async () => {
    const { ring, state } = owner({ org: [1], other: [1] })
    const org = 'org' as OrganizationId
    await ring.load(['org', 'other'])
    const digest = ring.digest(org, 'email', 'anna@example.org')
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect(ring.digest(org, 'name', 'anna@example.org')).not.toBe(digest)
    expect(ring.digest('other' as OrganizationId, 'email', 'anna@example.org')).not.toBe(digest)
    state.versions.org = [1, 2]
    state.time += 31_000
    await ring.load(['org'])
    expect(ring.digest(org, 'email', 'anna@example.org')).toBe(digest)
  })

  it('uses a new version once it is told, keeps what was loaded usable until then, and opens older ones', async () => {
    const { ring, state } = owner({ org: [1] })
    await ring.load(['org'])
    const old = ring.seal('org', place, 'x')
    state.versions.org = [1, 2]
    ring.renew('org')
    expect(sealedSubject(ring.seal('org', place, 'x')).keyVersion).toBe(1)
    await ring.load(['org'])
    expect(sealedSubject(ring.seal('org', place, 'x')).keyVersion).toBe(2)
    expect(ring.openText(place, old)).toBe('x')
  })

  it('fetches again what was renewed while its answer was on the way', async () => {
    const { ring, state } = owner({ org: [1] })
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    const loading = ring.load(['org'])
    while (state.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    ring.renew('org')
    gate.resolve()
    await loading
    expect(state.calls.length).toBeGreaterThan(1)
  })

  it('says of a version that it does not know, and asks for it the next time', async () => {
    const mine = owner({ org: [1] })
    const another = owner({ org: [1, 2] })
    await Promise.all([mine.ring.load(['org']), another.ring.load(['org'])])
    const sealed = another.ring.seal('org', place, 'x')
    expect(() => mine.ring.open(place, sealed)).toThrow(KeyVersionUnknown)
    mine.state.versions.org = [1, 2]
    await mine.ring.load(['org'])
    expect(mine.ring.openText(place, sealed)).toBe('x')
  })

  it('digests as ever when the first version is retired, and opens nothing with what is left of it', async () => {
    const { ring } = owner({ org: [1] })
    const org = 'org' as OrganizationId
    await ring.load(['org'])
    const [digest, sealed] = [ring.digest(org, 'email', 'anna@example.org'), ring.seal('org', place, 'x')]
    const root = Buffer.from(digestRoot(Buffer.from(keyOf('org', 1), 'base64'))).toString('base64')
    const retired = createKeyRing({
      fetchKeys: async () => [
        { subject: 'org', version: 0, key: root, erased: false },
        { subject: 'org', version: 2, key: keyOf('org', 2), erased: false },
      ],
    })
    await retired.load(['org'])
    expect(retired.digest(org, 'email', 'anna@example.org')).toBe(digest)
    expect(() => retired.open(place, sealed)).toThrow(KeyVersionUnknown)
  })
})
