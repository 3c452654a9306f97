import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readAdvisories } from './advisory-rules.ts'

/** What the check prints and how it ends, against a registry that answers the question about advisories with this. */
async function check(status: number, answer: object): Promise<{ code: number, printed: string }> {
  const registry = createServer((request, response) => {
    // Beside the advisories npm asks which versions there are.
    const text = JSON.stringify(request.method === 'GET' ? { name: decodeURIComponent(request.url!.slice(1)), versions: {} } : answer)
    request.resume().on('end', () => response.writeHead(status, { 'content-type': 'application/json' }).end(text))
  })
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  const { port } = registry.address() as AddressInfo
  // npm remembers what it was told of an advisory.
  const cache = mkdtempSync(join(tmpdir(), 'vellum-npm-'))
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_audit: 'true', npm_config_cache: cache }
  try {
    return await new Promise((done) => execFile(process.execPath, ['scripts/check-advisories.ts'], { env }, (error, stdout) =>
      done({ code: (error?.code as number | undefined) ?? 0, printed: stdout })))
  } finally {
    registry.closeAllConnections()
    registry.close()
    rmSync(cache, { recursive: true })
  }
}

const about = (severity: string) => ({ hono: [{ id: 1, url: 'https://advisories.example/1', title: 'It leaks', severity, vulnerable_versions: '*' }] })

it('a serious advisory on a package that ships is told and fails the check', async () => {
  expect(await check(200, about('critical'))).toEqual({ code: 1, printed: expect.stringMatching(/critical {2}hono: It leaks.*\n1 advisories, 1 of them serious/s) })
}, 60_000)

it('one that is not serious is told, none is well, and a registry that does not answer is told apart from both', async () => {
  expect(await check(200, about('moderate'))).toEqual({ code: 0, printed: expect.stringContaining('1 advisories, 0 of them serious') })
  expect(await check(200, {})).toEqual({ code: 0, printed: '0 advisories, 0 of them serious.\n' })
  expect(await check(405, {})).toEqual({ code: 0, printed: expect.stringContaining('not checked') })
}, 60_000)

it('what is no report is no report', () => {
  for (const text of ['', 'npm error', '{}', '{"message":"405"}']) expect(readAdvisories(text)).toBeUndefined()
})
