import { createHash } from 'node:crypto'

/** Length in bytes of every hash in the tree (SHA-256). */
export const HASH_LENGTH = 32

const LEAF_PREFIX = Uint8Array.of(0x00)
const NODE_PREFIX = Uint8Array.of(0x01)

/** Hash of one log entry: `SHA-256(0x00 || entry)`, RFC 9162 section 2.1.1. */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  return createHash('sha256').update(LEAF_PREFIX).update(entry).digest()
}

/** Hash of two neighbouring subtrees: `SHA-256(0x01 || left || right)`, RFC 9162 section 2.1.1. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest()
}

/** Root of the tree without leaves: SHA-256 of nothing, RFC 9162 section 2.1.1. */
export function emptyRoot(): Uint8Array {
  return createHash('sha256').digest()
}

/** Equality of two hashes. They are public, so time does not matter. */
export function equalHashes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** A hash as JSON and checkpoints carry it: base64 with padding. */
export const hashText = (hash: Uint8Array): string => Buffer.from(hash).toString('base64')
