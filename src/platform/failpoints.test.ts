import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, readSettings } from './config.ts'

const local = { PUBLIC_URL: 'http://localhost:3000', ALLOW_FAILPOINT: 'true' }
const armed = (environment: Record<string, string>) => readSettings(environment, {}).settings.FAILPOINT

const script = join(import.meta.dirname, '../../test/kernel/failpoint-process.ts')

/** How a process ends that passes before-commit and after-commit three times. */
const run = (environment: Record<string, string>) =>
  new Promise<{ signal: string | undefined; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [script, '3'], { env: { ...process.env, ...environment } }, (error, stdout, stderr) =>
      resolve({ signal: error?.signal ?? undefined, stdout, stderr }))
  })

describe('a failpoint', () => {
  it('kills the process the time that it names, and not before', async () => {
    expect(await run({ ...local, FAILPOINT: 'after-commit:2' })).toEqual({
      signal: 'SIGKILL',
      stdout: '1\n',
      stderr: 'failpoint after-commit: this process kills itself\n',
    })
  })

  it('does nothing where it is not passed so often, or none is set', async () => {
    const whole = { signal: undefined, stdout: '1\n2\n3\n', stderr: '' }
    expect(await run({ ...local, FAILPOINT: 'after-commit:4' })).toEqual(whole)
    expect(await run({ ...local, FAILPOINT: 'after-effect:1' })).toEqual(whole)
    expect(await run(local)).toEqual(whole)
  })

  it('is set for this machine alone, and by two settings', () => {
    for (const PUBLIC_URL of ['http://localhost:3000', 'http://127.0.0.1:3000', 'https://[::1]']) {
      expect(armed({ PUBLIC_URL, ALLOW_FAILPOINT: 'true', FAILPOINT: 'before-commit:7' })).toEqual({ point: 'before-commit', pass: 7 })
    }
    const refused: Record<string, string>[] = [
      { PUBLIC_URL: 'http://localhost:3000' },
      { ALLOW_FAILPOINT: 'true' },
      { PUBLIC_URL: 'https://credentials.example.org', ALLOW_FAILPOINT: 'true' },
      { PUBLIC_URL: 'http://localhost.example.org', ALLOW_FAILPOINT: 'true' },
      { PUBLIC_URL: 'http://10.0.0.1', ALLOW_FAILPOINT: 'true' },
    ]
    for (const environment of refused) {
      expect(() => armed({ ...environment, FAILPOINT: 'before-commit:7' }), JSON.stringify(environment)).toThrow(/^FAILPOINT: kills the process/)
    }
    expect(armed({ PUBLIC_URL: 'https://credentials.example.org' })).toBeUndefined()
  })

  it('has a name that is known, and a time from 1', () => {
    for (const FAILPOINT of ['somewhere:1', 'before-commit', 'before-commit:0', 'before-commit:-1', 'before-commit:1.5', ':1']) {
      expect(() => armed({ ...local, FAILPOINT }), FAILPOINT).toThrow(ConfigurationError)
    }
  })
})
