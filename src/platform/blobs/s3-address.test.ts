import { describe, expect, it } from 'vitest'
import { s3Address } from './s3-address.ts'

describe('the address of a bucket', () => {
  it('says keys, region, bucket and prefix', () => {
    const { root, ...rest } = s3Address('https://AK:a%2Fb%2B@s3.example.org:9000/vault/of/vellum/?region=eu-central-1')
    expect(root.href).toBe('https://s3.example.org:9000/vault')
    expect(rest).toEqual({
      accessKeyId: 'AK', secretAccessKey: 'a/b+', region: 'eu-central-1', bucket: 'vault', prefix: 'of/vellum/',
    })
    expect(s3Address('http://a:b@localhost/vault')).toMatchObject({ region: 'us-east-1', prefix: '' })
  })

  it.each([
    ['vault', /is not the address of a bucket/],
    ['s3://a:b@host/vault', /is not the address of a bucket/],
    ['https://a:b@host', /names no bucket/],
    ['https://a:b@host/V', /names no bucket/],
    ['https://host/vault', /has no access key/],
    ['https://a:b@host/vault/a%20b', /has a prefix of other signs/],
  ])('refuses %s in a sentence that does not tell the keys', (text, sentence) => {
    expect(() => s3Address(text)).toThrow(sentence)
    expect(() => s3Address(text.replace('a:b@', 'akey:asecret@'))).toThrow(/^(?!.*(akey|asecret))/)
  })
})
