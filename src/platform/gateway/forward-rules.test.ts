import { describe, expect, it } from 'vitest'
import { answerHeaders, isRepeatable, ownerOf, requestHeaders, wasNeverSent } from './forward-rules.ts'

describe('the module that answers a path', () => {
  const paths = { identity: ['/v1/organization', '/v1'], issuance: ['/v1/credentials'], verification: ['/v'] }

  it.each([
    ['/v1/credentials', 'issuance'],
    ['/v1/credentials/1/revoke', 'issuance'],
    ['/v1/credentialsets', 'identity'],
    ['/v1/organization', 'identity'],
    ['/v/1', 'verification'],
    ['/v', 'verification'],
    ['/vendor', undefined],
    ['/internal/issuance/x', undefined],
    ['/', undefined],
  ])('%s is that of the longest prefix: %s', (path, owner) => {
    expect(ownerOf(paths, path)).toBe(owner)
  })
})

describe('headers that go on', () => {
  it('are none of one connection, named or known, whatever their letters', () => {
    const sent = new Headers({ Connection: 'X-Mine, close', 'X-Mine': '1', TE: 'trailers', Accept: 'x', Host: 'h', Expect: '100-continue' })
    expect(requestHeaders(sent, { traceparent: 't' })).toEqual({ accept: 'x', traceparent: 't' })
  })

  it('keep every cookie that a module sets', () => {
    const headers = answerHeaders({ 'set-cookie': ['a=1', 'b=2'], connection: 'x-own', 'x-own': '1', 'transfer-encoding': 'chunked', etag: '"1"' })
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([...headers.keys()].filter((name) => name !== 'set-cookie')).toEqual(['etag'])
  })
})

describe('a request', () => {
  it('may be repeated when its method or its key says so', () => {
    const none = new Headers()
    expect(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH'].filter((method) => isRepeatable(method, none))).toEqual(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
    expect(isRepeatable('POST', new Headers({ 'Idempotency-Key': 'k' }))).toBe(true)
  })

  it('was never sent when no connection came about, and may have been when one was lost', () => {
    const error = (fields: object) => Object.assign(new Error('x'), fields)
    for (const fields of [{ code: 'ECONNREFUSED' }, { code: 'UND_ERR_CONNECT_TIMEOUT' }, { syscall: 'getaddrinfo', code: 'ENOTFOUND' }, { syscall: 'connect', code: 'ETIMEDOUT' }])
      expect(wasNeverSent(error(fields))).toBe(true)
    for (const fields of [{ code: 'ECONNRESET', syscall: 'read' }, { code: 'UND_ERR_SOCKET' }, { code: 'EPIPE' }, {}]) expect(wasNeverSent(error(fields))).toBe(false)
  })
})
