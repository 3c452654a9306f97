import { emptyRoot, hashNode } from './merkle-hash.ts'

/**
 * A complete subtree: `2^level` leaves, the `index`-th of its level from the left. Level 0 are leaf hashes.
 * A complete subtree's hash never changes, so a store keeps it once and for ever.
 */
export type NodeId = { level: number; index: number }

/** A complete subtree with its hash: what a store keeps. */
export type TreeNode = NodeId & { hash: Uint8Array }

/**
 * Reads hashes of complete subtrees, one for each id, in the order asked. Each proof asks once. Must reject when one is
 * missing.
 */
export type ReadNodes = (ids: readonly NodeId[]) => Promise<readonly Uint8Array[]>

/** Half-open range of leaves whose start is aligned so that it is a subtree of the tree. */
type Range = { start: number; end: number }

/**
 * What a store must keep after `leafHashes` were appended to a tree of `size` leaves: every subtree that became
 * complete. Fewer than two nodes per leaf, and one read of at most log2(size) nodes, whatever the size.
 * @returns the new size and the new nodes, children before parents
 */
export async function appendLeaves(
  size: number,
  leafHashes: readonly Uint8Array[],
  readNodes: ReadNodes,
): Promise<{ size: number; nodes: TreeNode[] }> {
  assertSize(size)
  assertSize(size + leafHashes.length)
  // The complete subtrees along the right edge, the smallest last: what new leaves may be joined with.
  const edge = await read(leafHashes.length === 0 ? [] : completeSubtrees({ start: 0, end: size }), readNodes)
  const nodes: TreeNode[] = []
  leafHashes.forEach((hash, i) => {
    let node: TreeNode = { level: 0, index: size + i, hash }
    nodes.push(node)
    while (node.index % 2 === 1) {
      const left = edge.pop()!
      node = { level: node.level + 1, index: (node.index - 1) / 2, hash: hashNode(left.hash, node.hash) }
      nodes.push(node)
    }
    edge.push(node)
  })
  return { size: size + leafHashes.length, nodes }
}

/** Root of the first `size` leaves: MTH(D[0:size]), RFC 9162 section 2.1.1. One read of at most log2(size) nodes. */
export async function rootAt(size: number, readNodes: ReadNodes): Promise<Uint8Array> {
  assertSize(size)
  if (size === 0) return emptyRoot()
  const [root] = await hashRanges([{ start: 0, end: size }], readNodes)
  return root!
}

/**
 * PATH(index, D[0:size]): the hashes that lead from a leaf to the root of the first `size` leaves, lowest first.
 * RFC 9162 section 2.1.3.1. One read.
 * @throws RangeError unless 0 <= index < size
 */
export async function inclusionProof(index: number, size: number, readNodes: ReadNodes): Promise<Uint8Array[]> {
  assertSize(size)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`A tree of ${size} leaves has no leaf ${index}`)
  }
  const siblings: Range[] = []
  let subtree = { start: 0, end: size }
  while (subtree.end - subtree.start > 1) {
    const { left, right } = halves(subtree)
    siblings.push(index < left.end ? right : left)
    subtree = index < left.end ? left : right
  }
  return hashRanges(siblings.reverse(), readNodes)
}

/**
 * PROOF(oldSize, D[0:newSize]): the hashes that show the older tree to be a prefix of the newer, in the order of RFC
 * 9162 section 2.1.4.1. Empty when the sizes are equal or the older tree was empty. One read.
 * @throws RangeError unless 0 <= oldSize <= newSize
 */
export async function consistencyProof(
  oldSize: number,
  newSize: number,
  readNodes: ReadNodes,
): Promise<Uint8Array[]> {
  assertSize(oldSize)
  assertSize(newSize)
  if (oldSize > newSize) throw new RangeError(`A tree of ${newSize} leaves has no prefix of ${oldSize}`)
  if (oldSize === 0 || oldSize === newSize) return []
  const siblings: Range[] = []
  let subtree = { start: 0, end: newSize }
  let isOldTree = true
  while (subtree.end !== oldSize) {
    const { left, right } = halves(subtree)
    if (oldSize <= left.end) {
      siblings.push(right)
      subtree = left
    } else {
      siblings.push(left)
      subtree = right
      isOldTree = false
    }
  }
  // The verifier already has the old root, when the subtree reached is that very tree.
  if (!isOldTree) siblings.push(subtree)
  return hashRanges(siblings.reverse(), readNodes)
}

/** The two subtrees of a range: the left one holds the largest power of two smaller than its length. */
function halves({ start, end }: Range): { left: Range; right: Range } {
  const middle = start + 2 ** floorLog2(end - start - 1)
  return { left: { start, end: middle }, right: { start: middle, end } }
}

/** The complete subtrees that make up a range, widest first. */
function completeSubtrees({ start, end }: Range): NodeId[] {
  const ids: NodeId[] = []
  while (start < end) {
    const level = floorLog2(end - start)
    ids.push({ level, index: start / 2 ** level })
    start += 2 ** level
  }
  return ids
}

async function hashRanges(ranges: readonly Range[], readNodes: ReadNodes): Promise<Uint8Array[]> {
  const parts = ranges.map(completeSubtrees)
  const nodes = await read(parts.flat(), readNodes)
  let next = 0
  return parts.map((ids) => {
    const hashes = nodes.slice(next, (next += ids.length)).map((node) => node.hash)
    return hashes.reduceRight((right, left) => hashNode(left, right))
  })
}

async function read(ids: readonly NodeId[], readNodes: ReadNodes): Promise<TreeNode[]> {
  if (ids.length === 0) return []
  const hashes = await readNodes(ids)
  return ids.map((id, i) => {
    const hash = hashes[i]
    if (!hash) throw new Error(`The log has no hash for level ${id.level}, index ${id.index}`)
    return { ...id, hash }
  })
}

/** Counted, not computed: bit operators end at 2^31, and Math.log2 rounds up just below large powers of two. */
function floorLog2(n: number): number {
  let level = 0
  while (2 ** (level + 1) <= n) level += 1
  return level
}

function assertSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`Not a tree size: ${size}`)
}
