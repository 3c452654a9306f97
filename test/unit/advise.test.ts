import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Advice } from '#platform/telemetry/advise-rules.ts'
import { createInstallation, type Installation } from '../installation.ts'

/** As code of a module is told apart: by the folder that it lies in. */
const burner = `export function burn(ms) {
  const until = performance.now() + ms
  let x = 0
  while (performance.now() < until) for (let i = 0; i < 1e5; i++) x = (x * 31 + i) % 65521
  return x
}
`

describe('a module that burns the processor', () => {
  const directory = mkdtempSync(join(tmpdir(), 'vellum-burner-'))
  let installation: Installation

  beforeAll(async () => {
    const folder = join(directory, 'src/modules/notification')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'burn.js'), burner)
    installation = await createInstallation({
      command: [process.execPath, resolve(import.meta.dirname, '../kernel/burning-process.ts'), 'notification', join(folder, 'burn.js')],
      environment: { LOAD_WINDOW_MS: '1000', RENDER_WORKERS: '1', LOG_LEVEL: 'warn' },
    })
    await installation.start()
  }, 120_000)

  afterAll(async () => {
    await installation?.remove()
    rmSync(directory, { recursive: true, force: true })
  })

  it('is advised to be split off, and no other', async () => {
    const advice = async () => {
      const { stdout, stderr } = await installation.cli('advise', '--json')
      if (stdout === '') throw new Error(stderr)
      return JSON.parse(stdout) as Advice[]
    }
    const verdicts = async () => Object.fromEntries((await advice()).map(({ module, verdict }) => [module, verdict]))
    await expect.poll(verdicts, { timeout: 120_000, interval: 1_000 })
      .toEqual({ identity: 'keep', issuance: 'keep', verification: 'keep', notification: 'split' })
    const found = (await advice()).find(({ module }) => module === 'notification')!
    expect(found.reason).toContain('vellum topology plan --split notification')
    expect(found.cpuShare).toBeGreaterThan(0.4)
    expect(found.loopDelayP99Ms).toBeGreaterThan(100)
  }, 180_000)
})
