import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Who signs: a key name and an Ed25519 private key. */
export type NoteSigner = { name: string; keyId: Uint8Array; publicKey: Uint8Array; privateKey: KeyObject }

/** Whom a reader trusts: a key name and an Ed25519 public key (32 bytes). */
export type NoteVerifier = { name: string; keyId: Uint8Array; publicKey: Uint8Array }

const ED25519 = 0x01
const ED25519_SIGNATURE_LENGTH = 64
const MAX_NOTE_LENGTH = 1_000_000
const MAX_SIGNATURES = 100
// DER around a raw Ed25519 key, RFC 8410 sections 4 and 7.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** A note that nobody whom the reader trusts has signed, or that is not a note at all. */
export class NoteRejected extends Error {
  override name = 'NoteRejected'
}

/**
 * A signer from an Ed25519 seed.
 * @param name key name: a schema-less address, without white space and plus
 * @param seed 32 bytes, RFC 8032 section 5.1.5
 */
export function noteSigner(name: string, seed: Uint8Array): NoteSigner {
  if (seed.length !== 32) throw new TypeError('An Ed25519 seed is 32 bytes')
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x!, 'base64url')
  return { ...noteVerifier(name, publicKey), privateKey }
}

/** A verifier from a raw Ed25519 public key of 32 bytes. Throws TypeError for a name that a note cannot carry. */
export function noteVerifier(name: string, publicKey: Uint8Array): NoteVerifier {
  if (!isKeyName(name)) throw new TypeError(`Not a key name: ${JSON.stringify(name)}`)
  if (publicKey.length !== 32) throw new TypeError('An Ed25519 public key is 32 bytes')
  return { name, keyId: keyId(name, publicKey), publicKey }
}

/**
 * The text by which operators hand a verifier on: `name+hex key id+base64(0x01 || public key)`, as sumdb and witnesses
 * read it.
 */
export function verifierText({ name, keyId, publicKey }: NoteVerifier): string {
  const key = Buffer.concat([Uint8Array.of(ED25519), publicKey])
  return `${name}+${Buffer.from(keyId).toString('hex')}+${key.toString('base64')}`
}

/**
 * Reads what `verifierText` writes. Throws TypeError for anything else, another algorithm or a key id that does not
 * belong to it.
 */
export function parseVerifierText(text: string): NoteVerifier {
  const [name = '', hex = '', ...key] = text.split('+')
  const bytes = decodeBase64(key.join('+'))
  if (!bytes || bytes[0] !== ED25519) throw new TypeError('Not the text of an Ed25519 verifier')
  const verifier = noteVerifier(name, bytes.subarray(1))
  if (Buffer.from(verifier.keyId).toString('hex') !== hex) throw new TypeError('The key id does not belong to the key')
  return verifier
}

/**
 * Signs a text. Ed25519 is deterministic: the same text and key give the same note, byte for byte. C2SP signed-note.
 * @param text ends in a newline and has no control character but newlines
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(text)) throw new TypeError('The text of a note ends in a newline and has no other control characters')
  if (signers.length === 0) throw new TypeError('A note needs a signer')
  const lines = signers.map(({ name, keyId, privateKey }) => {
    const signature = Buffer.concat([keyId, sign(null, Buffer.from(text, 'utf8'), privateKey)])
    return `— ${name} ${signature.toString('base64')}\n`
  })
  return `${text}\n${lines.join('')}`
}

/**
 * The text of a note, once at least one trusted key has signed it. Signatures by unknown keys are ignored; a false one
 * by a known key rejects the whole note. C2SP signed-note, "Signatures".
 * @returns the text with its final newline, and the verifiers whose signature holds
 * @throws NoteRejected
 */
export function openNote(note: string, trusted: readonly NoteVerifier[]): { text: string; signedBy: NoteVerifier[] } {
  const { text, signatures } = splitNote(note)
  const signedBy: NoteVerifier[] = []
  for (const { name, bytes } of signatures) {
    const verifier = trusted.find((one) => one.name === name && bytes.subarray(0, 4).equals(one.keyId))
    if (!verifier || signedBy.includes(verifier)) continue
    if (!isSignature(text, bytes.subarray(4), verifier)) throw new NoteRejected(`The signature of ${name} is false`)
    signedBy.push(verifier)
  }
  if (signedBy.length === 0) throw new NoteRejected('No trusted key has signed this note')
  return { text, signedBy }
}

function splitNote(note: string): { text: string; signatures: { name: string; bytes: Buffer }[] } {
  if (note.length > MAX_NOTE_LENGTH) throw new NoteRejected('The note is too long')
  const end = note.lastIndexOf('\n\n')
  const text = note.slice(0, end + 1)
  const tail = note.slice(end + 2)
  if (end < 0 || !isNoteText(note) || tail === '') throw new NoteRejected('This is not a signed note')
  const lines = tail.slice(0, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) throw new NoteRejected('The note has too many signatures')
  const signatures = lines.map((line) => {
    const [, name = '', base64 = ''] = /^— (\S+) (\S+)$/u.exec(line) ?? []
    const bytes = decodeBase64(base64)
    if (!isKeyName(name) || !bytes || bytes.length < 5) throw new NoteRejected('A signature line is malformed')
    return { name, bytes }
  })
  return { text, signatures }
}

function isSignature(text: string, signature: Buffer, { publicKey }: NoteVerifier): boolean {
  if (signature.length !== ED25519_SIGNATURE_LENGTH) return false
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
  return verify(null, Buffer.from(text, 'utf8'), key, signature)
}

/** The first four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`. */
function keyId(name: string, publicKey: Uint8Array): Uint8Array {
  const head = Buffer.from(`${name}\n`, 'utf8')
  const input = Buffer.concat([head, Uint8Array.of(ED25519), publicKey])
  return createHash('sha256').update(input).digest().subarray(0, 4)
}

function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s\p{White_Space}\p{Cc}+]/u.test(name)
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !/[\p{Cc}--[\n\x7f-\x9f]]/v.test(text)
}

/** Strict base64 (RFC 4648 section 4), or null: Buffer alone would skip over anything. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && bytes.toString('base64') === text ? bytes : null
}
