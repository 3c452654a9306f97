import { connect, type ConnectionOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Agent, fetch } from 'undici'
import type { Running } from '#platform/boot.ts'
import type { Listener } from '#platform/http/listener.ts'
import { type FrontAndModule, prepareFrontAndModule } from '../fixtures/front-and-module.ts'
import { type Authority, createAuthority, type Issued } from '../servers/authority.ts'
import { freePort } from '../servers/free-port.ts'

describe('TLS at a front door and a module', () => {
  let authority: Authority
  let strangers: Authority
  let own: Issued
  let site: FrontAndModule
  let modules: Running
  let front: Running
  let probePort: number

  beforeAll(async () => {
    authority = createAuthority()
    strangers = createAuthority()
    own = authority.issue()
    site = await prepareFrontAndModule()
    const internal = { INTERNAL_TLS_CERT_FILE: own.certFile, INTERNAL_TLS_KEY_FILE: own.keyFile, INTERNAL_TLS_CA_FILE: authority.caFile }
    probePort = await freePort()
    modules = await site.startModules({ ...internal, PROBE_PORT: String(probePort) })
    front = await site.startFront(modules.internalListener!.url, { ...internal, TLS_CERT_FILE: own.certFile, TLS_KEY_FILE: own.keyFile })
  }, 60_000)
  afterAll(async () => {
    await site.stop()
    authority.remove()
    strangers.remove()
  })

  /** What was agreed on, or `refused`: also when the other side says so only after the handshake, as TLS 1.3 has it. */
  const handshake = (listener: Listener, options: ConnectionOptions) =>
    new Promise<string>((resolve) => {
      const socket = connect({ port: listener.port, host: '127.0.0.1', ca: authority.ca, servername: 'localhost', ...options })
      socket.on('secureConnect', () => socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'))
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      socket.on('error', () => resolve('refused'))
      socket.on('close', () => resolve(text.startsWith('HTTP/1.1 200') ? `${socket.getProtocol() ?? 'TLSv1.3'}` : 'refused'))
    })

  const listeners = (): [string, Listener, ConnectionOptions][] => [
    ['public', front.publicListener!, {}],
    ['internal', modules.internalListener!, { cert: own.cert, key: own.key }],
    ['the front door\'s internal', front.internalListener!, { cert: own.cert, key: own.key }],
  ]

  it('accepts AES-256 alone, on every listener', async () => {
    for (const [name, listener, certificate] of listeners()) {
      const offered = async (options: ConnectionOptions) => [name, await handshake(listener, { ...certificate, ...options })]
      expect(await offered({ ciphers: 'TLS_AES_256_GCM_SHA384' })).toEqual([name, 'TLSv1.3'])
      expect(await offered({})).toEqual([name, 'TLSv1.3'])
      expect(await offered({ ciphers: 'TLS_AES_128_GCM_SHA256' })).toEqual([name, 'refused'])
      expect(await offered({ ciphers: 'TLS_CHACHA20_POLY1305_SHA256' })).toEqual([name, 'refused'])
      expect(await offered({ maxVersion: 'TLSv1.2' })).toEqual([name, 'refused'])
    }
  })

  it('lets nobody in on an internal listener without a certificate of the authority', async () => {
    const { cert, key } = strangers.issue()
    for (const listener of [modules.internalListener!, front.internalListener!]) {
      expect(await handshake(listener, {})).toBe('refused')
      expect(await handshake(listener, { cert, key })).toBe('refused')
    }
    expect(await handshake(front.publicListener!, {})).toBe('TLSv1.3')
  })

  it('carries requests, calls for keys and the document of the API from one process to the other', async () => {
    const dispatcher = new Agent({ connect: { ca: authority.ca } })
    const ask = (path: string, headers: Record<string, string> = {}) => fetch(`https://localhost:${front.publicListener!.port}${path}`, { dispatcher, headers })
    expect((await ask('/v/1')).status).toBe(200)
    expect((await ask('/v1/books', { authorization: `Bearer ${await site.token('books:read')}` })).status).toBe(200)
    expect(Object.keys(((await (await ask('/openapi.json')).json()) as { paths: object }).paths)).toContain('/v1/books')
    expect(await (await ask('/health')).json()).toMatchObject({ status: 'ok', checks: { 'module library': 'ok' } })
    await dispatcher.close()
  })

  it('leaves probes, and nothing else, to a listener in clear', async () => {
    const url = `http://127.0.0.1:${probePort}`
    const statuses = await Promise.all(['/livez', '/readyz', '/health', '/v/1', '/internal/library/openapi', '/openapi.json'].map(async (path) => (await globalThis.fetch(url + path)).status))
    expect(statuses).toEqual([200, 200, 200, 404, 404, 404])
  })

  it('calls nobody in clear, and wants all its files', async () => {
    const internal = { INTERNAL_TLS_CERT_FILE: own.certFile, INTERNAL_TLS_KEY_FILE: own.keyFile, INTERNAL_TLS_CA_FILE: authority.caFile }
    await expect(site.startFront('http://127.0.0.1:1', internal)).rejects.toThrow('LIBRARY_URL: with INTERNAL_TLS_CERT_FILE set, write it as https://host:port.')
    await expect(site.startFront('https://127.0.0.1:1', { ...internal, INTERNAL_TLS_CA_FILE: '' })).rejects.toThrow('INTERNAL_TLS_CERT_FILE: goes together with')
    await expect(site.startFront('https://127.0.0.1:1', { ...internal, INTERNAL_TLS_CA_FILE: '/nowhere.pem' })).rejects.toThrow('/nowhere.pem cannot be read')
  })
})
