import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from './listener.ts'

const folder = mkdtempSync(join(tmpdir(), 'vellum-listener-'))
const pem = (name: string) => readFileSync(join(folder, name), 'utf8')
const local = { port: 0, host: '127.0.0.1' }

beforeAll(() => {
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...subject], { stdio: 'ignore' })
})
afterAll(() => rmSync(folder, { recursive: true }))

const slow = (ms: number) => async () => {
  await sleep(ms)
  return new Response('done')
}

describe('a listener', () => {
  it('lets running requests finish when it closes, and accepts no new ones', async () => {
    const listener = await listen({ fetch: slow(1_000), at: local })
    const running = fetch(listener.url)
    await sleep(50)
    const closed = listener.close(5_000)
    await sleep(500)
    await expect(fetch(listener.url, { headers: { connection: 'close' } })).rejects.toThrow()
    expect(await (await running).text()).toBe('done')
    const begun = performance.now()
    await closed
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  it('answers a request that was sent on a waiting connection and not read when it closes, as the last one there', async () => {
    const listener = await listen({ fetch: slow(0), at: local })
    const socket = connectPlain(listener.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += chunk)).on('error', () => {})
    const answers = () => received.split('done').length - 1
    const ask = () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    ask()
    while (answers() < 1) await sleep(5)
    ask()
    await listener.close(5_000)
    expect(answers()).toBe(2)
    expect(received.toLowerCase().split('connection: close').length - 1).toBe(1)
  })

  it('takes no new connection while it still answers on those that wait', async () => {
    const listener = await listen({ fetch: slow(0), at: local })
    const socket = connectPlain(listener.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += chunk)).on('error', () => {})
    const ask = () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    ask()
    while (!received.includes('done')) await sleep(5)
    const closed = listener.close(5_000)
    await sleep(100)
    await expect(fetch(listener.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    ask()
    while (received.split('done').length < 3) await sleep(5)
    await closed
    expect(received.toLowerCase()).toContain('connection: close')
  })

  it('cuts what does not finish in time', async () => {
    const listener = await listen({ fetch: slow(5_000), at: local })
    const running = fetch(listener.url).catch((error: Error) => error)
    await sleep(50)
    await listener.close(100)
    expect(await running).toBeInstanceOf(Error)
  })

  it('asks for a body that waits to be asked for when it is read, and never when the request is refused without it', async () => {
    const read = await listen({ fetch: async (request) => new Response((await request.arrayBuffer()).byteLength.toString()), at: local })
    const refuse = await listen({ fetch: () => new Response('no', { status: 413 }), at: local })
    const send = (url: string) =>
      new Promise<string[]>((resolve, reject) => {
        const heard: string[] = []
        const asked = plainRequest(url, { method: 'POST', headers: { expect: '100-continue', 'content-length': 5 } })
        asked.on('continue', () => heard.push('continue') && asked.end('12345'))
        asked.on('response', (response) => {
          heard.push(String(response.statusCode))
          response.on('data', (chunk) => heard.push(String(chunk))).on('end', () => resolve(heard))
        })
        asked.on('error', reject).flushHeaders()
      })
    expect(await send(read.url)).toEqual(['continue', '200', '5'])
    expect(await send(refuse.url)).toEqual(['413', 'no'])
    await read.close(0)
    await refuse.close(0)
  })

  it('rejects when the address is taken', async () => {
    const listener = await listen({ fetch: slow(0), at: local })
    await expect(listen({ fetch: slow(0), at: { ...local, port: listener.port } })).rejects.toThrow('EADDRINUSE')
    await listener.close(0)
  })

  it('answers on a unix socket that only its user may open, also where a stale one lies', async () => {
    const socketPath = join(folder, 'v.sock')
    for (const _ of ['first', 'again']) {
      const listener = await listen({ fetch: () => new Response('by socket'), at: { socketPath } })
      expect(statSync(socketPath).mode & 0o777).toBe(0o600)
      const text = await new Promise((resolve, reject) => {
        const asked =
          plainRequest({ socketPath, path: '/' }, (response) => response.on('data', (chunk) => resolve(String(chunk))))
        asked.on('error', reject).end()
      })
      expect(text).toBe('by socket')
      await listener.close(0)
    }
  })

  it('drops a connection that never finishes its headers', async () => {
    const listener = await listen({ fetch: slow(0), at: local })
    const socket = connectPlain(listener.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nx: ')
    const ended = await new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (chunk) => (text += chunk)).on('close', () => resolve(text)).on('error', () => resolve(text))
    })
    expect(ended).toContain('408')
    await listener.close(0)
  }, 30_000)
})

describe('a TLS listener', () => {
  it('speaks TLS 1.3 with AES-256-GCM and nothing else', async () => {
    const tls = { cert: pem('cert.pem'), key: pem('key.pem') }
    const listener = await listen({ fetch: () => new Response('sealed'), at: local, tls })
    const handshake = (options: object) =>
      new Promise<string>((resolve) => {
        const socket =
          connect({ port: listener.port, host: '127.0.0.1', ca: tls.cert, servername: 'localhost', ...options }, () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
          socket.end()
        })
        socket.on('error', () => resolve('refused'))
      })
    expect(listener.url).toMatch(/^https:/)
    expect(await handshake({})).toBe('TLSv1.3 TLS_AES_256_GCM_SHA384')
    expect(await handshake({ maxVersion: 'TLSv1.2' })).toBe('refused')
    expect(await handshake({ ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256' })).toBe('refused')
    const text = await new Promise((resolve, reject) => {
      const asked =
        request(listener.url, { ca: tls.cert }, (response) => response.on('data', (chunk) => resolve(String(chunk))))
      asked.on('error', reject).end()
    })
    expect(text).toBe('sealed')
    await listener.close(0)
  })
})
