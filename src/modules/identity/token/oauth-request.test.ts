import { describe, expect, it } from 'vitest'
import { clientCredentials, grantedScopes, parseForm } from './oauth-request.ts'

const form = 'application/x-www-form-urlencoded'
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const codeOf = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the form of a token request', () => {
  it('has each parameter once, and none without a value', () => {
    expect(parseForm(`${form}; charset=UTF-8`, 'grant_type=client_credentials&scope=')).toEqual(
      new Map([['grant_type', 'client_credentials']]),
    )
    expect(codeOf(() => parseForm(form, 'scope=a&scope=b'))).toBe('invalid_request')
    expect(codeOf(() => parseForm(form, 'scope=&scope=b'))).toBe('invalid_request')
  })

  it.each([undefined, 'application/json', 'text/plain', 'application/x-www-form-urlencoded-not'])(
    'is not sent as %s',
    (type) => expect(codeOf(() => parseForm(type, 'a=b'))).toBe('invalid_request'),
  )
})

describe('client credentials', () => {
  const none = new Map<string, string>()
  const inBody = new Map([['client_id', 'id'], ['client_secret', 'secret']])

  it('are read from the header, form-decoded', () => {
    expect(clientCredentials(basic('id:a%3Ab+c%25'), none)).toEqual({ clientId: 'id', clientSecret: 'a:b c%' })
    expect(clientCredentials(basic('id:s:t'), none)).toEqual({ clientId: 'id', clientSecret: 's:t' })
    expect(clientCredentials(basic('id:s'), new Map([['client_id', 'id']]))).toMatchObject({ clientId: 'id' })
  })

  it('or from the body', () => {
    expect(clientCredentials(undefined, inBody)).toEqual({ clientId: 'id', clientSecret: 'secret' })
  })

  it('but not from both', () => {
    expect(codeOf(() => clientCredentials(basic('id:secret'), inBody))).toBe('invalid_request')
    expect(codeOf(() => clientCredentials(basic('id:s'), new Map([['client_id', 'other']])))).toBe('invalid_request')
  })

  it.each(['', 'Basic', 'Basic !!!', 'Bearer abc', basic('id'), basic(':secret'), basic('id:'), basic('id:%')])(
    'are missing in %j',
    (header) => expect(codeOf(() => clientCredentials(header, none))).toBe('invalid_client'),
  )
  it('are missing in an empty body', () => {
    expect(codeOf(() => clientCredentials(undefined, new Map([['client_id', 'id']])))).toBe('invalid_client')
  })
})

describe('granted scopes', () => {
  const permitted = ['a:read', 'a:write'] as const
  it('are all of the client, or those asked for', () => {
    expect(grantedScopes(undefined, permitted)).toEqual(['a:read', 'a:write'])
    expect(grantedScopes('a:write  a:write', permitted)).toEqual(['a:write'])
  })
  it.each(['b:read', 'a:read b:read', ' ', 'A:READ', 'a:read,a:write'])('are never %j', (asked) => {
    expect(codeOf(() => grantedScopes(asked, permitted))).toBe('invalid_scope')
  })
})
