import { emptyRoot, equalHashes, hashNode } from './merkle-hash.ts'

/** Claim that a leaf stands at `index` in the tree of `size` leaves with `root`. */
export type InclusionClaim = {
  index: number
  size: number
  leafHash: Uint8Array
  root: Uint8Array
  proof: readonly Uint8Array[]
}

/**
 * Claim that the tree of `oldSize` leaves with `oldRoot` is a prefix of the tree of `newSize` leaves with `newRoot`.
 */
export type ConsistencyClaim = {
  oldSize: number
  newSize: number
  oldRoot: Uint8Array
  newRoot: Uint8Array
  proof: readonly Uint8Array[]
}

/** Whether the proof holds. RFC 9162 section 2.1.3.2. Never throws on strangers' input: nonsense does not hold. */
export function verifyInclusion({ index, size, leafHash, root, proof }: InclusionClaim): boolean {
  if (!areSizes(index, size) || index >= size) return false
  let fn = index
  let sn = size - 1
  let hash = leafHash
  for (const sibling of proof) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      hash = hashNode(sibling, hash)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      hash = hashNode(hash, sibling)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equalHashes(hash, root)
}

/**
 * Whether the proof holds. RFC 9162 section 2.1.4.2. Never throws on strangers' input: nonsense does not hold.
 * The empty tree is a prefix of every tree, with an empty proof.
 */
export function verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof }: ConsistencyClaim): boolean {
  if (!areSizes(oldSize, newSize) || oldSize > newSize) return false
  if (oldSize === newSize) return proof.length === 0 && equalHashes(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0 && equalHashes(oldRoot, emptyRoot())
  // A tree whose size is a power of two is itself the first hash of the path, so the proof leaves it out.
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : [...proof]
  const first = path.shift()
  if (!first || proof.length === 0) return false
  let fn = oldSize - 1
  let sn = newSize - 1
  while (isOdd(fn)) {
    fn = half(fn)
    sn = half(sn)
  }
  let oldHash = first
  let newHash = first
  for (const sibling of path) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      oldHash = hashNode(sibling, oldHash)
      newHash = hashNode(sibling, newHash)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      newHash = hashNode(newHash, sibling)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equalHashes(oldHash, oldRoot) && equalHashes(newHash, newRoot)
}

function areSizes(...sizes: number[]): boolean {
  return sizes.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function isOdd(n: number): boolean {
  return n % 2 === 1
}

function half(n: number): number {
  return Math.floor(n / 2)
}

function isPowerOfTwo(n: number): boolean {
  // Math.log2 rounds near 2^49 and above, so count down instead.
  while (n > 1 && !isOdd(n)) n = half(n)
  return n === 1
}
