import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { bearerOf, createServiceTokens, serviceKey } from './service-token.ts'

const secret = new Uint8Array(32).fill(1)

function atTime(start = 1_800_000_000_000) {
  const state = { ms: start }
  return { state, tokens: createServiceTokens(secret, () => new Date(state.ms)) }
}

describe('a service token', () => {
  it('names caller and called, lives a minute, and is typed', async () => {
    const token = await atTime().tokens.mint('issuance', 'identity')
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'service+jwt' })
    expect(decodeJwt(token)).toEqual({ iss: 'issuance', aud: 'identity', iat: 1_800_000_000, exp: 1_800_000_060 })
    expect(await atTime().tokens.verify(token, 'identity')).toBe('issuance')
  })

  it('is used again for half its life, then minted anew', async () => {
    const { tokens, state } = atTime()
    const first = await tokens.mint('a', 'b')
    state.ms += 29_000
    expect(await tokens.mint('a', 'b')).toBe(first)
    expect(await tokens.mint('a', 'c')).not.toBe(first)
    state.ms += 2_000
    expect(await tokens.mint('a', 'b')).not.toBe(first)
  })

  it('is refused once expired, also when it was verified before', async () => {
    const { tokens, state } = atTime()
    const token = await tokens.mint('a', 'b')
    await tokens.verify(token, 'b')
    state.ms += 1_000_000
    await expect(tokens.verify(token, 'b')).rejects.toMatchObject({ code: 'token-refused' })
  })

  it('is taken from a clock ten minutes off, and refused from one that is farther away, with a sentence that says so', async () => {
    const { tokens, state } = atTime()
    for (const [offMs, told] of [[600_000, undefined], [-600_000, undefined], [1_200_000, /1200 s ahead/], [-1_200_000, /1140 s behind/]] as const) {
      const token = await atTime(state.ms + offMs).tokens.mint('a', 'b')
      if (told === undefined) expect(await tokens.verify(token, 'b')).toBe('a')
      else await expect(tokens.verify(token, 'b')).rejects.toMatchObject({ code: 'token-refused', message: expect.stringMatching(told) })
    }
  })

  it('is refused for another audience, also when it was verified before', async () => {
    const { tokens } = atTime()
    const token = await tokens.mint('a', 'b')
    await tokens.verify(token, 'b')
    await expect(tokens.verify(token, 'c')).rejects.toMatchObject({ code: 'token-refused' })
  })

  it('is refused with another type, without expiry, or living longer than a minute', async () => {
    const { tokens } = atTime()
    const key = serviceKey(secret, 'service token v1')
    const sign = (typ: string, claims: object) =>
      new SignJWT({ iss: 'a', aud: 'b', iat: 1_800_000_000, ...claims })
        .setProtectedHeader({ alg: 'HS256', typ })
        .sign(key)
    const exp = 1_800_000_060
    await expect(tokens.verify(await sign('service+jwt', { exp }), 'b')).resolves.toBe('a')
    await expect(tokens.verify(await sign('at+jwt', { exp }), 'b')).rejects.toMatchObject({ code: 'token-refused' })
    await expect(tokens.verify(await sign('service+jwt', {}), 'b')).rejects.toMatchObject({ code: 'token-refused' })
    const long = await sign('service+jwt', { iat: 1_799_990_000, exp: 1_800_090_000 })
    await expect(tokens.verify(long, 'b')).rejects.toMatchObject({ code: 'token-refused' })
  })
})

describe('an Authorization header', () => {
  it('gives its bearer token or nothing', () => {
    expect(bearerOf('Bearer a.b-c_d=')).toBe('a.b-c_d=')
    expect(['', 'Basic abc', 'Bearer', 'Bearer a b', null, undefined].map(bearerOf)).toEqual(['', '', '', '', '', ''])
  })
})
