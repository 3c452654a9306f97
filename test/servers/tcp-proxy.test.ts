import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

let server: Server
let proxy: TcpProxy
const heard: string[] = []
const clients: Socket[] = []

beforeEach(async () => {
  heard.length = 0
  // Says everything back, and goodbye to whoever ends.
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      heard.push(String(chunk))
      socket.write(chunk)
    })
    socket.on('end', () => socket.end('goodbye'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startTcpProxy((server.address() as AddressInfo).port)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.stop()
  server.close()
})

function connectTo(port: number): Socket {
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  clients.push(client)
  return client.on('error', () => {})
}

async function open(): Promise<Socket> {
  const client = connectTo(proxy.port)
  await once(client, 'connect')
  return client
}

/** What comes back for it within so many milliseconds. */
async function say(client: Socket, text: string, withinMs = 1_000): Promise<string | undefined> {
  const answer = once(client, 'data').then(([chunk]) => String(chunk), () => undefined)
  client.write(text)
  return Promise.race([answer, sleep(withinMs, undefined)])
}

const closed = (client: Socket): Promise<unknown> =>
  Promise.race([new Promise((resolve) => (client.destroyed ? resolve('closed') : client.once('close', () => resolve('closed')))), sleep(1_000, 'open')])

it('carries bytes and the end of either side', async () => {
  const client = await open()
  expect(await say(client, 'hello')).toBe('hello')
  const last = once(client, 'data')
  client.end()
  expect(String((await last)[0])).toBe('goodbye')
  expect(proxy.through('postgres://one:two@127.0.0.1:5432/three?a=b')).toBe(`postgres://one:two@127.0.0.1:${proxy.port}/three?a=b`)
})

it('cuts what is there, and lets the next through', async () => {
  const [one, other] = [await open(), await open()]
  await say(one, 'hello')
  const reset = Promise.all([one, other].map((client) => once(client, 'error').then(([error]) => (error as NodeJS.ErrnoException).code)))
  proxy.cut()
  expect(await reset).toEqual(['ECONNRESET', 'ECONNRESET'])
  expect(proxy.done.cut).toBe(2)
  expect(await say(await open(), 'again')).toBe('again')
})

it('refuses, until it passes again', async () => {
  const client = await open()
  proxy.refuse()
  expect(await closed(client)).toBe('closed')
  expect(await closed(connectTo(proxy.port))).toBe('closed')
  proxy.pass()
  expect(await say(await open(), 'again')).toBe('again')
  expect(proxy.done.refused).toBe(1)
})

it('delays both directions, and never changes the order', async () => {
  const client = await open()
  proxy.delay(150)
  const began = performance.now()
  expect(await say(client, 'one')).toBe('one')
  expect(performance.now() - began).toBeGreaterThanOrEqual(290)
  client.write('two')
  await sleep(20)
  proxy.pass()
  expect(await say(client, 'three')).toMatch(/^two/)
  expect(heard.join('')).toBe('onetwothree')
  expect(proxy.done.delayed).toBeGreaterThanOrEqual(3)
})

it('swallows: nothing arrives, nobody is told, and what lost bytes stays dead', async () => {
  const [talking, idle] = [await open(), await open()]
  await say(talking, 'hello')
  await say(idle, 'hello')
  proxy.swallow()
  expect(await say(talking, 'lost', 200)).toBeUndefined()
  expect(await say(await open(), 'lost too', 200)).toBeUndefined()
  proxy.pass()
  expect(await say(talking, 'lost for good', 200)).toBeUndefined()
  expect(talking.destroyed).toBe(false)
  expect(await say(idle, 'still here')).toBe('still here')
  expect(await say(await open(), 'and new')).toBe('and new')
  expect(heard).toEqual(['hello', 'hello', 'still here', 'and new'])
  expect(proxy.done.swallowed).toBe(3)
})
