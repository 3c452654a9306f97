import { gunzipSync, gzipSync } from 'node:zlib'

/** W3C Bitstring Status List 1.0, section 3.1: a list is never shorter, so that a single holder hides among many. */
export const STATUS_LIST_SIZE = 131_072

/** Nobody needs a longer list than this (16 MiB of bits); more is a small file made to unpack to a big one. */
const MOST_BYTES = 16 * 1024 * 1024

/** All bits 0, in whole bytes. */
export function createBitstring(bits: number = STATUS_LIST_SIZE): Uint8Array {
  if (!Number.isInteger(bits) || bits < STATUS_LIST_SIZE || bits % 8 !== 0) {
    throw new RangeError(`A status list has at least ${STATUS_LIST_SIZE} bits, in whole bytes, not ${bits}.`)
  }
  return new Uint8Array(bits / 8)
}

/** The bit at an index counted from the left: index 0 is the most significant bit of the first byte. */
export function getBit(bitstring: Uint8Array, index: number): boolean {
  return (bitstring[byteOf(bitstring, index)]! & maskOf(index)) !== 0
}

/** A copy with one bit changed. */
export function setBit(bitstring: Uint8Array, index: number, value: boolean): Uint8Array {
  const at = byteOf(bitstring, index)
  const copy = bitstring.slice()
  copy[at] = value ? copy[at]! | maskOf(index) : copy[at]! & ~maskOf(index)
  return copy
}

/** `encodedList`: multibase `u` and base64url without padding, of the list in gzip (section 2.2 and 3.3). */
export function encodeList(bitstring: Uint8Array): string {
  return 'u' + gzipSync(bitstring, { level: 9 }).toString('base64url')
}

/** The bits of an `encodedList`; undefined where it is malformed, shorter than a list may be, or absurdly long. */
export function decodeList(encodedList: string): Uint8Array | undefined {
  if (!/^u[A-Za-z0-9_-]+$/.test(encodedList)) return undefined
  try {
    const bits = gunzipSync(Buffer.from(encodedList.slice(1), 'base64url'), { maxOutputLength: MOST_BYTES })
    return bits.length * 8 < STATUS_LIST_SIZE ? undefined : new Uint8Array(bits)
  } catch {
    return undefined
  }
}

function byteOf(bitstring: Uint8Array, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= bitstring.length * 8) {
    throw new RangeError(`There is no bit ${index} in a status list of ${bitstring.length * 8}.`)
  }
  return index >> 3
}

function maskOf(index: number): number {
  return 0x80 >> (index & 7)
}
