import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyRoot, hashLeaf, hashNode } from './merkle-hash.ts'
import { verifyConsistency, verifyInclusion } from './merkle-proof.ts'
import { appendLeaves, consistencyProof, inclusionProof, rootAt } from './merkle-tree.ts'
import type { NodeId, ReadNodes } from './merkle-tree.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytes = (text: string) => Buffer.from(text, 'hex')

/** MTH, PATH and PROOF as RFC 9162 section 2.1 writes them down: slow, recursive, and nothing else. */
const split = (n: number) => {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
function mth(d: readonly Uint8Array[]): Uint8Array {
  if (d.length === 0) return emptyRoot()
  if (d.length === 1) return d[0]!
  const k = split(d.length)
  return hashNode(mth(d.slice(0, k)), mth(d.slice(k)))
}
function path(m: number, d: readonly Uint8Array[]): Uint8Array[] {
  if (d.length === 1) return []
  const k = split(d.length)
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))]
}
function subproof(m: number, d: readonly Uint8Array[], known: boolean): Uint8Array[] {
  if (m === d.length) return known ? [] : [mth(d)]
  const k = split(d.length)
  return m <= k
    ? [...subproof(m, d.slice(0, k), known), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))]
}

/** A store in memory, with the manners of a table: one row per node, never changed. */
function createStore() {
  const rows = new Map<string, Uint8Array>()
  const reads: number[] = []
  const key = ({ level, index }: NodeId) => `${level}/${index}`
  const readNodes: ReadNodes = async (ids) => {
    reads.push(ids.length)
    return ids.map((id) => {
      const hash = rows.get(key(id))
      if (!hash) throw new Error(`no node ${key(id)}`)
      return hash
    })
  }
  const append = async (size: number, leaves: readonly Uint8Array[]) => {
    const appended = await appendLeaves(size, leaves, readNodes)
    for (const node of appended.nodes) {
      if (rows.has(key(node))) throw new Error(`node ${key(node)} written twice`)
      rows.set(key(node), node.hash)
    }
    return appended
  }
  return { rows, reads, readNodes, append }
}

async function storeOf(leaves: readonly Uint8Array[]) {
  const store = createStore()
  await store.append(0, leaves)
  return store
}

const numbered = (n: number) => Array.from({ length: n }, (_, i) => hashLeaf(Buffer.from(`leaf ${i}`)))

/** Entries and roots of Certificate Transparency's own tests (google/certificate-transparency, merkle_tree_test.cc). */
const knownEntries = [
  '', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f',
]
const knownRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const knownLeaves = knownEntries.map((entry) => hashLeaf(bytes(entry)))

describe('the tree, against the answers that Certificate Transparency publishes', () => {
  it('has their roots at every size', async () => {
    const { readNodes } = await storeOf(knownLeaves)
    for (const [size, root] of knownRoots.entries()) expect(hex(await rootAt(size, readNodes))).toBe(root)
  })

  it('has their inclusion proof of entry 5 among 8', async () => {
    const { readNodes } = await storeOf(knownLeaves)
    expect((await inclusionProof(5, 8, readNodes)).map(hex)).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
  })

  it.each([
    {
      from: 6,
      to: 8,
      proof: [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    },
    {
      from: 2,
      to: 5,
      proof: [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    },
    {
      from: 1,
      to: 8,
      proof: [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    },
  ])('has their consistency proof from $from to $to', async ({ from, to, proof }) => {
    const { readNodes } = await storeOf(knownLeaves)
    expect((await consistencyProof(from, to, readNodes)).map(hex)).toEqual(proof)
  })
})

describe('the tree, against the definitions of RFC 9162', () => {
  const limit = 70

  it('agrees on every root, inclusion proof and consistency proof up to 70 leaves', async () => {
    const leaves = numbered(limit)
    const { readNodes } = await storeOf(leaves)
    for (let size = 0; size <= limit; size += 1) {
      const tree = leaves.slice(0, size)
      expect(hex(await rootAt(size, readNodes))).toBe(hex(mth(tree)))
      for (let m = 0; m < size; m += 1) {
        expect((await inclusionProof(m, size, readNodes)).map(hex)).toEqual(path(m, tree).map(hex))
        if (m === 0) continue
        expect((await consistencyProof(m, size, readNodes)).map(hex)).toEqual(subproof(m, tree, true).map(hex))
      }
    }
  })

  it('comes out the same however the leaves are cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 40 }), { maxLength: 12 }), async (batches) => {
        const total = batches.reduce((sum, n) => sum + n, 0)
        const leaves = numbered(total)
        const whole = await storeOf(leaves)
        const store = createStore()
        let size = 0
        for (const n of batches) size = (await store.append(size, leaves.slice(size, size + n))).size
        expect(size).toBe(total)
        expect([...store.rows].sort()).toEqual([...whole.rows].sort())
        expect(hex(await rootAt(total, store.readNodes))).toBe(hex(mth(leaves)))
      }),
      { numRuns: 60 },
    )
  })

  it('keeps fewer than two nodes per leaf, and asks the store once for each batch and proof', async () => {
    const leaves = numbered(1000)
    const store = await storeOf(leaves)
    expect(store.rows.size).toBeLessThan(2 * leaves.length)
    store.reads.length = 0
    await store.append(1000, [hashLeaf(Buffer.from('one more'))])
    await inclusionProof(377, 1001, store.readNodes)
    await consistencyProof(377, 1001, store.readNodes)
    await rootAt(1001, store.readNodes)
    expect(store.reads).toHaveLength(4)
    expect(Math.max(...store.reads)).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(1001)))
  })

  it('asks for the right subtrees in a log of a thousand million million leaves', async () => {
    const size = 2 ** 50 - 1
    const asked: NodeId[] = []
    await rootAt(size, async (ids) => {
      asked.push(...ids)
      return ids.map(() => new Uint8Array(32))
    })
    expect(asked).toHaveLength(50)
    expect(asked.reduce((sum, { level }) => sum + 2 ** level, 0)).toBe(size)
    expect(asked.at(-1)).toEqual({ level: 0, index: size - 1 })
  })

  it('refuses indexes and sizes that do not exist, and says which node a store has lost', async () => {
    const { readNodes } = await storeOf(numbered(3))
    await expect(inclusionProof(3, 3, readNodes)).rejects.toThrow(RangeError)
    await expect(inclusionProof(-1, 3, readNodes)).rejects.toThrow(RangeError)
    await expect(consistencyProof(4, 3, readNodes)).rejects.toThrow(RangeError)
    await expect(rootAt(1.5, readNodes)).rejects.toThrow(RangeError)
    await expect(rootAt(2, async () => [])).rejects.toThrow('level 1, index 0')
  })
})

describe('verifying a proof', () => {
  const someTree = fc
    .integer({ min: 1, max: 300 })
    .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat({ max: size - 1 }) }))

  it('accepts every proof that the tree makes, and no proof of another leaf, index, root or size', async () => {
    const leaves = numbered(300)
    const { readNodes } = await storeOf(leaves)
    await fc.assert(
      fc.asyncProperty(someTree, fc.nat({ max: 299 }), async ({ size, index }, other) => {
        const leafHash = leaves[index]!
        const root = await rootAt(size, readNodes)
        const proof = await inclusionProof(index, size, readNodes)
        const claim = { index, size, leafHash, root, proof }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, leafHash: leaves[other]! })).toBe(other === index)
        if (other < size) expect(verifyInclusion({ ...claim, index: other })).toBe(other === index)
        expect(verifyInclusion({ ...claim, root: hashLeaf(root) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: [...proof, root] })).toBe(false)
        if (proof.length > 0) expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false)
        expect(verifyInclusion({ ...claim, size: index })).toBe(false)
        // The same hashes under a tree that is taller, or with another storey on top of the root.
        expect(verifyInclusion({ ...claim, size: size * 4 })).toBe(false)
        expect(verifyInclusion({ ...claim, root: hashNode(leafHash, root), proof: [...proof, leafHash] })).toBe(false)
      }),
    )
  })

  it('accepts every prefix, and no tree in which a leaf of the prefix was changed', async () => {
    const leaves = numbered(300)
    const { readNodes } = await storeOf(leaves)
    await fc.assert(
      fc.asyncProperty(someTree, fc.nat({ max: 300 }), fc.nat(), async ({ size: newSize }, n, damage) => {
        const oldSize = n % (newSize + 1)
        const claim = {
          oldSize,
          newSize,
          oldRoot: await rootAt(oldSize, readNodes),
          newRoot: await rootAt(newSize, readNodes),
          proof: await consistencyProof(oldSize, newSize, readNodes),
        }
        expect(verifyConsistency(claim)).toBe(true)
        expect(verifyConsistency({ ...claim, oldRoot: hashLeaf(claim.oldRoot) })).toBe(false)
        expect(verifyConsistency({ ...claim, newRoot: hashLeaf(claim.newRoot) })).toBe(oldSize === 0)
        expect(verifyConsistency({ ...claim, proof: [...claim.proof, claim.newRoot] })).toBe(false)
        if (claim.proof.length > 0) expect(verifyConsistency({ ...claim, proof: claim.proof.slice(0, -1) })).toBe(false)
        if (oldSize === 0) return
        const [leaf] = leaves as [Uint8Array]
        const taller = { oldRoot: hashNode(leaf, claim.oldRoot), newRoot: hashNode(leaf, claim.newRoot) }
        expect(verifyConsistency({ ...claim, ...taller, proof: [...claim.proof, leaf] })).toBe(false)
        if (oldSize < newSize) expect(verifyConsistency({ ...claim, newSize: newSize * 4 })).toBe(false)
        // A log that rewrote one old leaf and then tries to prove that it did not.
        const rewritten = leaves.slice(0, newSize)
        rewritten[damage % oldSize] = hashLeaf(Buffer.from('rewritten'))
        const forged = await storeOf(rewritten)
        const newRoot = await rootAt(newSize, forged.readNodes)
        const proof = await consistencyProof(oldSize, newSize, forged.readNodes)
        expect(verifyConsistency({ ...claim, newRoot, proof })).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  it('holds in logs that no machine can keep, up to 2^52 leaves', async () => {
    // All leaves alike, so that each level has one hash, and the tree needs no store.
    const levels = [hashLeaf(Buffer.from('the same'))]
    while (levels.length < 53) levels.push(hashNode(levels.at(-1)!, levels.at(-1)!))
    const readNodes: ReadNodes = async (ids) => ids.map(({ level }) => levels[level]!)
    const sizes = [2 ** 31 + 5, 2 ** 32, 2 ** 49 - 1, 2 ** 49, 2 ** 49 + 1, 2 ** 50 - 1, 2 ** 52 - 3, 2 ** 52]
    for (const newSize of sizes) {
      const newRoot = await rootAt(newSize, readNodes)
      for (const index of [0, 2 ** 31, newSize - 2, newSize - 1]) {
        const proof = await inclusionProof(index, newSize, readNodes)
        expect(verifyInclusion({ index, size: newSize, leafHash: levels[0]!, root: newRoot, proof })).toBe(true)
      }
      for (const oldSize of sizes.filter((size) => size <= newSize)) {
        const proof = await consistencyProof(oldSize, newSize, readNodes)
        const oldRoot = await rootAt(oldSize, readNodes)
        expect(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof })).toBe(true)
      }
    }
  })

  it('answers no, and does not throw, to sizes that are nonsense', () => {
    const root = emptyRoot()
    for (const size of [-1, 0.5, NaN, Infinity, 2 ** 60]) {
      expect(verifyInclusion({ index: 0, size, leafHash: root, root, proof: [] })).toBe(false)
      expect(verifyConsistency({ oldSize: 0, newSize: size, oldRoot: root, newRoot: root, proof: [] })).toBe(false)
    }
    const huge = { oldSize: 2 ** 49 + 1, newSize: 2 ** 50, oldRoot: root, newRoot: root, proof: [] }
    expect(verifyConsistency(huge)).toBe(false)
  })
})
