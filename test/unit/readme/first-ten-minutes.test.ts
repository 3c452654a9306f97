import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createInstallation, type Installation } from '../../installation.ts'
import { codeBlocks, readme, root, section } from './markdown.ts'

/**
 * The README's first ten minutes, typed as they stand there: one shell, one block after the other, in a folder where `scripts`
 * and `test` lie as in a clone. Only the port is another, because 3000 may be taken.
 */
const [start = '', ...blocks] = codeBlocks(section(readme, '## The first ten minutes'), 'bash')

let directory: string
let installation: Installation
/** What each block printed. */
let printed: string[]
let status: number | null

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vellum-readme-'))
  for (const folder of ['scripts', 'test']) symlinkSync(join(root, folder), join(directory, folder))
  installation = await createInstallation({ directory, command: ['bash', '-c', `cd ${directory} && exec ${start.trim()}`] })
  await installation.start({ wait: false })
  const script = blocks.map((block, index) => `echo; echo "@@block ${index}"\n${block}`).join('\n')
  const result = await shell(`set -eu\n${script.replaceAll('http://localhost:3000', installation.publicUrl)}`)
  printed = result.output.split(/^@@block \d+\n/m).slice(1)
  status = result.status
}, 120_000)

afterAll(async () => {
  await installation?.remove()
  rmSync(directory, { recursive: true, force: true })
})

function shell(script: string): Promise<{ status: number | null; output: string }> {
  const child = spawn('bash', ['-c', script], {
    cwd: directory,
    env: { PATH: process.env.PATH, ...installation.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 90_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += String(chunk) })
  return new Promise((resolve) => child.once('close', (code) => resolve({ status: code, output })))
}

/** What the block that contains `command` printed. */
function outputOf(command: string): string {
  const found = blocks.flatMap((block, index) => (block.includes(command) ? [index] : []))
  expect([command, found.length]).toEqual([command, 1])
  return printed[found[0]!] ?? ''
}

const lastJson = (text: string) => JSON.parse(text.trim().split('\n').at(-1)!) as Record<string, any>

describe('the first ten minutes of the README', () => {
  it('begin with the one command', () => {
    expect(start).toBe('./scripts/start\n')
    expect(readme).toContain(start)
  })

  it('run to their end without an error', () => {
    expect([status, printed.length]).toEqual([0, blocks.length])
    expect(blocks.length).toBeGreaterThan(8)
  })

  it('make an organization and a client', () => {
    expect(outputOf('organization create')).toContain('Riverside College is organization riverside')
  })

  it('issue a credential, and see it issued', () => {
    expect(lastJson(outputOf('Idempotency-Key: ada-1'))).toMatchObject({ created: true, links: { public: expect.stringContaining('/v/') } })
    expect(lastJson(outputOf('links.self <<<"$accepted"'))).toMatchObject({
      state: 'issued',
      recipient: { name: 'Ada Lovelace', email: 'ada@example.org' },
      completedOn: '2026-06-30',
    })
  })

  it('see it as everyone does, and have its files', () => {
    const seen = outputOf('public=$(field')
    expect(seen).toMatch(/\/v\/\w+\n.*"inclusionProof".*"checkpoint":"/)
    expect(seen).toMatch(/mail\/\w+\.eml/)
    expect(readFileSync(join(directory, 'certificate.pdf'), 'latin1')).toMatch(/^%PDF-/)
    const credential = JSON.parse(readFileSync(join(directory, 'credential.json'), 'utf8')) as Record<string, unknown>
    expect(credential).toMatchObject({ type: ['VerifiableCredential', 'OpenBadgeCredential'], name: '[TEST] Distributed Systems' })
  })

  it('issue to a file, and again', () => {
    const output = outputOf('--data-binary')
    expect(output).toMatch(/"rows":101,"created":90,"existing":0,"refused":11/)
    expect(output).toContain('{"line":7,"record":6,"column":"name","code":"required"')
    expect(output).toContain('Nothing new, 90 were there already, 11 refused')
    expect(output).toContain('line 7, name: Fill in name: it is empty.')
  })

  it('verify, revoke, and verify again', () => {
    expect(lastJson(outputOf('check() {'))).toEqual({ verified: true, errors: [], status: 'active' })
    const revoked = outputOf('/revoke')
    expect(revoked).toContain('"state":"revoked"')
    expect(lastJson(revoked)).toMatchObject({ verified: false, status: 'revoked' })
  })

  it('are refused with a problem that says what to do', () => {
    expect(lastJson(outputOf('"email": "ada" }'))).toMatchObject({
      type: 'urn:vellum:problem:validation-failed',
      status: 422,
      errors: [{ path: 'recipient.email', code: 'email-invalid' }],
    })
  })

  it('end with a stop that is clean', async () => {
    expect(await installation.stop()).toBe(0)
  })
})
