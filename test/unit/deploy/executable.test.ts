import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtExecutable } from '../../executable.ts'
import { until } from '../../scenarios/until.ts'
import { freePort } from '../../servers/free-port.ts'
import { startSupervised, untilReady, type Supervised } from '../../servers/supervised.ts'

const sample = resolve(import.meta.dirname, '../../data/recipients-with-faults.csv')

let file: string
let home: string
let folder: string
let url: string
let environment: Record<string, string>
let server: Supervised

/** The file alone: an empty folder, no PATH, and nothing else that could lead it to a Node or to our sources. */
async function startAlone(): Promise<void> {
  server = startSupervised({ command: ['env', '-i', `--chdir=${folder}`, ...settings(), file], signal: 'KILL' })
  await untilReady(server, async () => {
    if (!(await fetch(`${url}/readyz`)).ok) throw new Error('not ready')
  })
}

const settings = () => Object.entries(environment).map(([name, value]) => `${name}=${value}`)

function run(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(file, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => { said.stdout += String(chunk) })
  child.stderr.on('data', (chunk) => { said.stderr += String(chunk) })
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (status) => done({ status, ...said }))
  })
}

beforeAll(async () => {
  file = await builtExecutable()
  home = mkdtempSync(join(tmpdir(), 'vellum-alone-'))
  folder = join(home, 'empty')
  mkdirSync(folder)
  mkdirSync(join(home, 'tmp'))
  const [port, internalPort] = [await freePort(), await freePort()]
  url = `http://localhost:${port}`
  environment = {
    PATH: '/nowhere', TMPDIR: join(home, 'tmp'), PORT: String(port), INTERNAL_PORT: String(internalPort),
    SWEEP_INTERVAL_MS: '200', STEP_RETRY_BASE_MS: '200',
  }
  await startAlone()
}, 240_000)

afterAll(async () => {
  await server?.stop()
  rmSync(home, { recursive: true, force: true })
})

describe('the single executable, alone in an empty folder', () => {
  it('issues the sample by its own command line, prints, draws, logs and verifies it', async () => {
    expect((await run('organization', 'create', 'riverside', '--name', 'Riverside College')).status).toBe(0)
    const issued = await run('issue', sample, '--organization', 'riverside', '--json')
    expect(issued.status).toBe(0)
    expect(JSON.parse(issued.stdout)).toMatchObject({ created: 90, refused: 11, progress: { issued: 90 } })

    const mails = await until('90 mails', async () => {
      const names = readdirSync(join(folder, 'mail')).filter((name) => name.endsWith('.eml'))
      return names.length === 90 && names
    })
    const { text = '' } = await simpleParser(readFileSync(join(folder, 'mail', mails[0]!)))
    const page = /http:\/\/\S+\/v\/[\w-]+/.exec(text)?.[0] ?? ''
    const [html, pdf, picture] = await Promise.all(['', '/certificate.pdf', '/badge.png'].map((part) => fetch(page + part)))
    expect([html!.status, pdf!.status, picture!.status]).toEqual([200, 200, 200])
    expect(Buffer.from(await pdf!.bytes()).subarray(0, 5).toString()).toBe('%PDF-')
    const credential = await (await fetch(`${page}/credential.json`)).json()
    const verified = await fetch(`${url}/v1/verify`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ credential }),
    })
    expect(await verified.json()).toMatchObject({ verified: true })
  }, 120_000)

  it('has SQLite once in memory, whichever thread uses it', async () => {
    const maps = readFileSync(`/proc/${await server.pid}/maps`, 'utf8').split('\n').filter((line) => line.includes('addon.node'))
    expect(new Set(maps.map((line) => line.split(/\s+/)[4])).size).toBe(1)
  })

  it('carries what it may pass on only with a licence, and the licences', async () => {
    const { stdout } = await run('licences')
    for (const word of ['Node.js v26', 'better-sqlite3 13', 'SIL OPEN FONT LICENSE', 'Apache License', 'hono 4']) expect(stdout).toContain(word)
  })

  it('serves its documentation, and refuses what a setting cannot be', async () => {
    const docs = await (await fetch(`${url}/docs`)).text()
    const script = /src="([^"]+\.js[^"]*)"/.exec(docs)?.[1] ?? ''
    expect((await (await fetch(new URL(script, url))).bytes()).length).toBeGreaterThan(1_000_000)
    environment.LOG_LEVEL = 'loud'
    expect(await run('serve')).toMatchObject({ status: 78, stderr: expect.stringContaining('LOG_LEVEL: ') })
    delete environment.LOG_LEVEL
  })

  it('leaves nothing but its folders, neither when it is killed nor when it is stopped', async () => {
    expect(readdirSync(folder).sort()).toEqual(['data', 'mail'])
    process.kill(await server.pid, 'SIGKILL')
    await server.exited
    await startAlone()
    expect(readdirSync(join(home, 'tmp'))).toEqual([])
    process.kill(await server.pid, 'SIGTERM')
    expect(await server.exited).toBe(0)
    expect(readdirSync(join(home, 'tmp'))).toEqual([])
  })
})
