import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { toDataset } from '#platform/credentials/canonicalize.ts'
import { decodeList, createBitstring, encodeList, getBit, STATUS_LIST_SIZE, setBit } from './bitstring.ts'
import { buildStatusListCredential } from './status-list-credential.ts'

describe('a bit string', () => {
  it('counts from the left: index 0 is the most significant bit of the first byte', () => {
    const bits = setBit(setBit(setBit(createBitstring(), 0, true), 9, true), STATUS_LIST_SIZE - 1, true)
    expect([bits[0], bits[1], bits.at(-1)]).toEqual([0b1000_0000, 0b0100_0000, 0b0000_0001])
    const read = [0, 1, 8, 9, STATUS_LIST_SIZE - 1].map((index) => getBit(bits, index))
    expect(read).toEqual([true, false, false, true, true])
  })

  it('takes a bit back without touching its neighbours, and leaves the original as it was', () => {
    const before = setBit(setBit(createBitstring(), 6, true), 7, true)
    const after = setBit(before, 6, false)
    expect([before[0], after[0]]).toEqual([0b0000_0011, 0b0000_0001])
  })

  it('refuses an index outside, and a list too short to hide in', () => {
    for (const index of [-1, STATUS_LIST_SIZE, 1.5, Number.NaN]) {
      expect(() => getBit(createBitstring(), index)).toThrow(RangeError)
      expect(() => setBit(createBitstring(), index, true)).toThrow(RangeError)
    }
    expect(() => createBitstring(STATUS_LIST_SIZE - 8)).toThrow(RangeError)
  })

  it('survives encoding', () => {
    const bits = setBit(createBitstring(), 94_567, true)
    const encoded = encodeList(bits)
    expect(encoded).toMatch(/^uH4sI[A-Za-z0-9_-]+$/)
    expect(decodeList(encoded)).toEqual(bits)
  })

  it('is what the specification shows: its example list, empty and of the least length', () => {
    for (const name of ['example-02.json', 'example-04.json']) {
      const { document } = JSON.parse(readFileSync(`test/vectors/w3c-bitstring-status-list/${name}`, 'utf8'))
      expect(decodeList(document.credentialSubject.encodedList)).toEqual(createBitstring())
    }
  })

  it('is not read from a list that is malformed, too short, or a small file that unpacks to a huge one', () => {
    const gzip = (length: number) => gzipSync(Buffer.alloc(length)).toString('base64url')
    const bytes = STATUS_LIST_SIZE / 8
    expect(decodeList('u' + gzip(bytes))).toBeDefined()
    for (const bad of ['', 'u', 'uAAAA', gzip(bytes), 'z' + gzip(bytes), 'u' + gzip(bytes - 1), 'u' + gzip(2 ** 25)]) {
      expect(decodeList(bad), bad.slice(0, 20)).toBeUndefined()
    }
  })
})

describe('the credential of a status list', () => {
  it('has the form of the specification', async () => {
    const { document: example } = JSON.parse(
      readFileSync('test/vectors/w3c-bitstring-status-list/example-02.json', 'utf8'))
    const { credentialSubject } = example
    const built = buildStatusListCredential({
      publicUrl: 'https://example.com', listId: '3', issuer: example.issuer, purpose: 'revocation',
      bits: createBitstring(), validFrom: new Date(example.validFrom),
    })
    expect(built).toEqual({
      ...example,
      id: 'https://example.com/status/3',
      credentialSubject: { ...credentialSubject, encodedList: encodeList(createBitstring()), ttl: 300_000 },
    })
    expect(await toDataset(built)).not.toHaveLength(0)
  })
})
