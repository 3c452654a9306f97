import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

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
    const folder = mkdtempSync(join(tmpdir(), 'vellum-command-'))
    const late = join(folder, 'late')
    const { status, timedOut } = await runCommand(['sh', '-c', '(sleep 0.6; echo > "$0") & wait', late], 200)
    expect({ status, timedOut }).toEqual({ status: 137, timedOut: true })
    await delay(800)
    expect(existsSync(late)).toBe(false)
    rmSync(folder, { recursive: true })
  })
})
