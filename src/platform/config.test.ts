import { describe, expect, it } from 'vitest'
import { ConfigurationError, readSettings } from './config.ts'

const publicUrl = (PUBLIC_URL: string) => readSettings({ PUBLIC_URL }, {}).settings.PUBLIC_URL

describe('the public address', () => {
  it('is written as browsers and did:web write it', () => {
    expect(publicUrl('https://Credentials.Example.org:443//')).toBe('https://credentials.example.org')
    expect(publicUrl('http://localhost:3000/')).toBe('http://localhost:3000')
    expect(publicUrl('http://[::1]:3000')).toBe('http://[::1]:3000')
  })

  it('has nothing behind host and port', () => {
    for (const wrong of ['https://x.org/vellum', 'https://x.org/?a=b', 'https://x.org/#a', 'https://u:p@x.org', 'ftp://x.org', 'x.org']) {
      expect(() => publicUrl(wrong), wrong).toThrow(ConfigurationError)
    }
    expect(() => publicUrl('https://x.org/vellum')).toThrow(/^PUBLIC_URL: must be scheme, host and port alone/)
  })

  it('leaves the paths of other addresses alone', () => {
    expect(readSettings({ OTLP_URL: 'https://otlp.example.org/a/b/' }, {}).settings.OTLP_URL).toBe('https://otlp.example.org/a/b')
  })
})
