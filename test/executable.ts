import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

let building: Promise<string> | undefined

/** Builds the single executable from what the sources are now, once per process, with which it goes; answers where it lies. */
export function builtExecutable(): Promise<string> {
  building ??= build()
  return building
}

async function build(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'vellum-executable-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'vellum')
  await promisify(execFile)(resolve(import.meta.dirname, '../scripts/build-binary'), ['--out', file])
  return file
}
