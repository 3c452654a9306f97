import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a command of a test stage', () => {
  it('gives its status and what it printed, and gets no input', async () => {
    const { status, output, timedOut } = await runCommand(['sh', '-c', 'read line || echo "no input"; exit 3'], 5_000)
    expect({ status, output, timedOut }).toEqual({ status: 3, output: 'no input\n', timedOut: false })
  })

  it('fails when there is no such program, or a signal ended it', async () => {
    expect((await runCommand(['/no/such/program'], 5_000)).status).toBe(127)
    expect((await runCommand(['sh', '-c', 'kill -9 $$'], 5_000)).status).toBe(137)
  })

  it('ends with everything that it started when its time is over', async () => {
    const { status, output, timedOut } = await runCommand(['sh', '-c', 'sleep 60 & echo $!; wait'], 300)
    expect({ status, timedOut }).toEqual({ status: 137, timedOut: true })
    await delay(100)
    expect(alive(Number(output))).toBe(false)
  })
})
