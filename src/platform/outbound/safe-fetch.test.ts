import { createServer, type Server } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSafeFetch, OutboundError, type SafeFetch } from './safe-fetch.ts'

let server: Server
let port = 0
let connections = 0
let paths: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`)
    if (request.url === '/redirect') response.writeHead(302, { location: '/target' }).end('moved')
    else if (request.url === '/large') response.end(Buffer.alloc(100_000))
    else if (request.url === '/drip') {
      response.write('a')
      const drip = setInterval(() => response.write('a'), 20)
      response.on('close', () => clearInterval(drip))
    } else if (request.url === '/cut') request.socket.destroy()
    else response.setHeader('x-two', ['a', 'b']).end('hello')
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  connections = 0
  paths = []
})

const answering = (...addresses: string[]): LookupFunction => (_name, options, callback) => {
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  if (options.all) callback(null, all)
  else callback(null, all[0]!.address, all[0]!.family)
}
const faultOf = async (fetching: Promise<unknown>) => {
  const error = await fetching.then(() => undefined, (thrown: unknown) => thrown)
  return error instanceof OutboundError ? error.fault : error
}

/** Notations of this machine, its network and clouds' metadata, as a webhook URL could carry them. */
const inside = [
  '127.0.0.1', '127.1', '127.0.1', '127.0.0.1.', '127.255.255.254', '2130706433', '0x7f000001', '0x7f.1', '0x7f.0.0.1',
  '0177.0.0.1', '017700000001', '0177.1', '0x7F.0x0.0x0.0x1', '127.0x0.1', '１２７.0.0.1', '①②⑦.⓪.⓪.①', '127。0。0。1',
  '%31%32%37.0.0.1', '0', '0.0.0.0', '0x0', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::]', '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::ffff:0:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]',
  '[64:ff9b::7f00:1]', '[64:ff9b:1::127.0.0.1]', '[2002:7f00:1::]', '[2002:7f00:1::1]', '[2001:0:0:0:0:0:80ff:fffe]',
  '[fe80::1]', '[fec0::1]', '[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[2001:db8::1]', '[2001:db8::5efe:7f00:1]',
  '[2a00::200:5efe:7f00:1]', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '0xa9fea9fe',
  '2852039166', '[::ffff:a9fe:a9fe]', '100.64.0.1', '100.100.100.200', '168.63.129.16', '192.0.0.192', '192.0.2.1',
  '192.88.99.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1',
  '255.255.255.255', 'localhost', 'LOCALHOST', 'localhost.', 'ip6-localhost',
]

describe('a guarded fetch', () => {
  let safeFetch: SafeFetch
  beforeAll(() => {
    safeFetch = createSafeFetch()
  })
  afterAll(() => safeFetch.close())

  it('knows at least 50 notations', () => expect(new Set(inside).size).toBeGreaterThan(50))

  it.each(inside)('refuses %s and connects to nothing', async (host) => {
    const fault = await faultOf(safeFetch(`http://${host}:${port}/`, { timeoutMs: 5_000 }))
    // A machine may not know the name ip6-localhost at all.
    expect(host === 'ip6-localhost' && fault === 'network' ? 'refused' : fault).toBe('refused')
    expect(connections).toBe(0)
  })

  it.each([
    'ftp://example.org/', 'file:///etc/passwd', 'data:text/plain,x', 'gopher://127.0.0.1/', 'unix:/run/x.sock', '/relative',
    '', 'http://', 'http://user:secret@example.org/', 'http://exa mple.org/', 'http://[::1', 'http://1.2.3.4.5/',
    'http://256.256.256.256/', 'http://[fe80::1%25eth0]/',
  ])('refuses the URL %j', async (url) => {
    expect(await faultOf(safeFetch(url))).toBe('refused')
  })

  it.each([
    ['a private address', ['10.1.2.3']],
    ['loopback', ['127.0.0.1']],
    ['a mapped loopback', ['::ffff:127.0.0.1']],
    ['a public and a private address', ['93.184.215.14', '127.0.0.1']],
    ['no address', []],
  ])('refuses a name that resolves to %s', async (_, addresses) => {
    const guarded = createSafeFetch({ lookup: answering(...addresses) })
    expect(await faultOf(guarded(`http://rebind.example:${port}/`))).toBe('refused')
    expect(connections).toBe(0)
    await guarded.close()
  })

  it('asks the resolver once, so that a name cannot answer differently the second time', async () => {
    let asked = 0
    const rebinding: LookupFunction = (name, options, callback) =>
      answering(asked++ === 0 ? '192.0.2.1' : '127.0.0.1')(name, options, callback)
    const guarded = createSafeFetch({ lookup: rebinding })
    expect(await faultOf(guarded(`http://rebind.example:${port}/`))).toBe('refused')
    expect([asked, connections]).toEqual([1, 0])
    await guarded.close()
  })

  it('connects to the very address that it judged', async () => {
    const guarded = createSafeFetch({ lookup: answering('2001:4860:4860::8888', '93.184.215.14') })
    // Nothing answers there from here; what counts is that the guard let it pass and nothing local was reached.
    expect(await faultOf(guarded(`http://public.example:${port}/`, { timeoutMs: 300 }))).toMatch(/^(network|timeout)$/)
    expect(connections).toBe(0)
    await guarded.close()
  })
})

describe('an allowed host', () => {
  let safeFetch: SafeFetch
  const url = (path: string) => `http://127.0.0.1:${port}${path}`
  beforeAll(() => {
    safeFetch = createSafeFetch({ allow: [`127.0.0.1:${port}`] })
  })
  afterAll(() => safeFetch.close())

  it('answers', async () => {
    const response = await safeFetch(url('/x'), { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
    expect(response.status).toBe(200)
    expect(response.headers['x-two']).toBe('a, b')
    expect(new TextDecoder().decode(response.body)).toBe('hello')
  })

  it('is allowed on its port alone', async () => {
    expect(await faultOf(safeFetch(`http://127.0.0.1:${port + 1}/`))).toBe('refused')
    expect(await faultOf(safeFetch(`http://127.0.0.2:${port}/`))).toBe('refused')
    expect(connections).toBe(0)
  })

  it('gets no second request when it redirects', async () => {
    const { status, headers } = await safeFetch(url('/redirect'))
    expect([status, headers.location, paths]).toEqual([302, '/target', ['GET /redirect']])
  })

  it('may not answer at length, slowly or by hanging up', async () => {
    expect(await faultOf(safeFetch(url('/large'), { maxBytes: 99_999 }))).toBe('too-large')
    expect((await safeFetch(url('/large'), { maxBytes: 100_000 })).body.length).toBe(100_000)
    expect(await faultOf(safeFetch(url('/drip'), { timeoutMs: 200 }))).toBe('timeout')
    expect(await faultOf(safeFetch(url('/cut')))).toBe('network')
  })

  it('is left when the caller gives up', async () => {
    expect(await faultOf(safeFetch(url('/drip'), { signal: AbortSignal.timeout(50) }))).toBe('network')
  })
})
