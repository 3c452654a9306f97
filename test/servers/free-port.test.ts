import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { freePort } from './free-port.ts'

afterEach(() => vi.restoreAllMocks())

/** The dice fall on this port once. */
const diceOn = (port: number) => vi.spyOn(Math, 'random').mockReturnValueOnce((port + 0.5 - 11_000) / 21_768)

test('a port is of those that no outgoing connection takes', async () => {
  const port = await freePort()
  expect(port).toBeGreaterThanOrEqual(11_000)
  expect(port).toBeLessThan(32_768)
})

test('a port that was given here is not given again, though nothing listens yet', async () => {
  const port = await freePort()
  diceOn(port)
  expect(await freePort()).not.toBe(port)
})

test('a port that another process was given is not given here while that process lives', async () => {
  const script = `import { freePort } from ${JSON.stringify(new URL('./free-port.ts', import.meta.url).href)}
    console.log(await freePort()); setInterval(() => undefined, 1_000)`
  const other = spawn(process.execPath, ['--input-type=module', '--eval', script])
  const port = Number(String((await once(other.stdout, 'data'))[0]))
  diceOn(port)
  expect(await freePort()).not.toBe(port)
  other.kill('SIGKILL')
  await once(other, 'exit')
  diceOn(port)
  expect(await freePort()).toBe(port)
})

test('a port where somebody listens is not given', async () => {
  const port = 11_000 + (process.pid % 20_000)
  const listener = createServer().listen(port, '127.0.0.1')
  await once(listener, 'listening')
  diceOn(port)
  expect(await freePort()).not.toBe(port)
  listener.close()
})
