import basex from 'base-x'

const base58 = basex('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')

/** Longer text is refused before decoding: base58 takes quadratic time. */
const LONGEST = 256

/** Multibase, prefix `z`: base58 with the Bitcoin alphabet. */
export function encodeBase58Multibase(bytes: Uint8Array): string {
  return 'z' + base58.encode(bytes)
}

/** The bytes of a `z…` text, or undefined where the text is none or is longer than any key or signature here. */
export function decodeBase58Multibase(text: string): Uint8Array | undefined {
  if (text.length > LONGEST || !text.startsWith('z')) return undefined
  return base58.decodeUnsafe(text.slice(1))
}
