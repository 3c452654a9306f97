import canonicalize from 'canonicalize'
import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import type { Ask } from './ask.ts'
import { expectStatus } from './expect.ts'

/** The log as a stranger reads it: RFC 9162 and C2SP written anew, so that an error in ours is not repeated here. */

const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const leafHash = (entry: Uint8Array): Buffer => sha256(Uint8Array.of(0), entry)
const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Uint8Array.of(1), left, right)

/** RFC 9162, section 2.1.1. */
export function rootOf(entries: readonly Uint8Array[]): Buffer {
  if (entries.length === 0) return sha256('')
  if (entries.length === 1) return leafHash(entries[0]!)
  let split = 1
  while (split * 2 < entries.length) split *= 2
  return nodeHash(rootOf(entries.slice(0, split)), rootOf(entries.slice(split)))
}

/** The root that an inclusion proof leads to, by the recursion of RFC 9162, section 2.1.3.1, read backwards. */
export function rootFromProof(entry: Uint8Array, index: number, size: number, proof: readonly Uint8Array[]): Buffer {
  if (size === 1) {
    assert.equal(proof.length, 0, 'The proof is too long.')
    return leafHash(entry)
  }
  let split = 1
  while (split * 2 < size) split *= 2
  const sibling = proof.at(-1)
  assert.ok(sibling, 'The proof is too short.')
  const rest = proof.slice(0, -1)
  return index < split
    ? nodeHash(rootFromProof(entry, index, split, rest), sibling)
    : nodeHash(sibling, rootFromProof(entry, index - split, size - split, rest))
}

/** What stands in the log for a credential: docs/decisions/0030. */
export function entryOf(credential: unknown, salt: string): Buffer {
  return sha256('vellum.log.credential.v1\0', Buffer.from(salt, 'base64url'), sha256(canonicalize(credential)!))
}

/** A checkpoint whose signature holds against the key of the log. */
export async function readCheckpoint(ask: Ask, note?: string): Promise<{ size: number; root: Buffer; note: string }> {
  const key = expectStatus(await ask('GET', '/log/key'), 200).text.trim()
  const [name = '', id = '', ...encoded] = key.split('+')
  const publicKey = Buffer.from(encoded.join('+'), 'base64')
  assert.equal(publicKey[0], 1, 'Ed25519')
  const signed = note ?? expectStatus(await ask('GET', '/log/checkpoint'), 200).text
  const [text, signatures] = [signed.slice(0, signed.lastIndexOf('\n\n') + 1), signed.slice(signed.lastIndexOf('\n\n') + 2)]
  const line = signatures.split('\n').find((one) => one.startsWith(`— ${name} `))
  assert.ok(line, `The log's key has not signed: ${signed}`)
  const signature = Buffer.from(line.split(' ')[2]!, 'base64')
  assert.equal(signature.subarray(0, 4).toString('hex'), id)
  const x = publicKey.subarray(1).toString('base64url')
  const object = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  assert.ok(verify(null, Buffer.from(text), object, signature.subarray(4)), 'The signature of the checkpoint is false.')
  const [, size, root] = text.split('\n')
  return { size: Number(size), root: Buffer.from(root!, 'base64'), note: signed }
}

/** All entries of the log up to a size. */
export async function readEntries(ask: Ask, size: number): Promise<Buffer[]> {
  const entries: Buffer[] = []
  for (let index = 0; entries.length < size; index++) {
    const width = Math.min(256, size - entries.length)
    const path = `/log/tile/entries/${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`
    const { bytes } = expectStatus(await ask('GET', path), 200)
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt16BE(at)
      entries.push(bytes.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
  }
  return entries
}
