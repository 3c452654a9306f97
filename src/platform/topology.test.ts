import { describe, expect, it } from 'vitest'
import { readTopology } from './topology.ts'

const known = ['identity', 'issuance']

describe('the address of a module elsewhere', () => {
  it('may be several, one for each replica', () => {
    const { remote } = readTopology('issuance', known, { IDENTITY_URL: 'http://a:3001/, http://b:3001' })
    expect(remote).toEqual({ identity: ['http://a:3001', 'http://b:3001'] })
  })

  it('is refused when one of them is none', () => {
    expect(() => readTopology('issuance', known, { IDENTITY_URL: 'http://a:3001,b:3001' })).toThrow('"b:3001" is no address')
    expect(() => readTopology('issuance', known, { IDENTITY_URL: 'http://a:3001/identity' })).toThrow('IDENTITY_URL')
    expect(() => readTopology('issuance', known, { IDENTITY_URL: ',' })).toThrow('IDENTITY_URL')
  })

  it('counts as absent when it is empty', () => {
    expect(readTopology('issuance', known, { IDENTITY_URL: '' }).remote).toEqual({})
  })
})
