import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrganizationId } from '../organization-id.ts'
import { EnvelopeError, openEnvelope, sealedSubject, sealEnvelope } from './envelope.ts'

const key = randomBytes(32)
const subject = { subject: '0197f2a0-recipient', keyVersion: 3 }
const place = { organizationId: 'org-a' as OrganizationId, table: 'credentials', column: 'payload', row: 'row-1' }
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('an envelope', () => {
  it('opens at its place with its key, whatever was sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ minLength: 1, maxLength: 60 }), (content, row) => {
        const here = { ...place, row }
        expect(openEnvelope(key, here, sealEnvelope(key, subject, here, content))).toEqual(content)
      }),
    )
    expect(text(openEnvelope(key, place, sealEnvelope(key, subject, place, 'Zoë 李')))).toBe('Zoë 李')
  })

  it('names its subject and key version in clear, and nothing of the content', () => {
    const sealed = sealEnvelope(key, subject, place, 'a canary name')
    expect(sealedSubject(sealed)).toEqual(subject)
    expect(Buffer.from(sealed).includes('canary')).toBe(false)
  })

  it('has the form that is fixed for ever', () => {
    const sealed = Buffer.from(sealEnvelope(key, { subject: 'ab', keyVersion: 258 }, place, 'xyz'))
    expect(sealed.subarray(0, 9).toString('hex')).toBe('0101' + '02' + '6162' + '00000102')
    expect(sealed.length).toBe(9 + 12 + 3 + 16)
  })

  it('opens what WebCrypto sealed by the written form', () => {
    const old = Buffer.from(
      '010102616200000001000102030405060708090a0b60f89328cd721e6fe5bcb73a67ca933aa6ef1d',
      'hex',
    )
    expect(text(openEnvelope(Buffer.alloc(32, 7), place, old))).toBe('xyz')
  })

  it.each(['organizationId', 'table', 'column', 'row'] as const)('does not open at another %s', (part) => {
    const sealed = sealEnvelope(key, subject, place, 'secret')
    expect(() => openEnvelope(key, { ...place, [part]: 'other' }, sealed)).toThrow(EnvelopeError)
  })

  it('keeps the parts of a place apart', () => {
    const sealed = sealEnvelope(key, subject, { ...place, table: 'ab', column: 'c' }, 'secret')
    expect(() => openEnvelope(key, { ...place, table: 'a', column: 'bc' }, sealed)).toThrow(EnvelopeError)
  })

  it('does not open when any byte was changed, or the end is missing', () => {
    const sealed = sealEnvelope(key, subject, place, 'secret')
    for (let index = 0; index < sealed.length; index++) {
      const changed = Uint8Array.from(sealed)
      changed[index]! ^= 1
      expect(() => openEnvelope(key, place, changed), `byte ${index}`).toThrow(EnvelopeError)
      expect(() => openEnvelope(key, place, sealed.subarray(0, index)), `cut at ${index}`).toThrow(EnvelopeError)
    }
  })

  it('does not open with another key', () => {
    const sealed = sealEnvelope(key, subject, place, 'secret')
    expect(() => openEnvelope(randomBytes(32), place, sealed)).toThrow(EnvelopeError)
  })

  it('never uses a nonce twice', () => {
    const nonces = new Set(
      Array.from({ length: 2000 }, () => {
        const sealed = Buffer.from(sealEnvelope(key, { subject: 'ab', keyVersion: 1 }, place, ''))
        return sealed.toString('hex', 9, 21)
      }),
    )
    expect(nonces.size).toBe(2000)
  })
})
