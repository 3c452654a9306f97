import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'vellum-packages-')) })
afterEach(() => rmSync(folder, { recursive: true, force: true }))

type Packages = Record<string, { version?: string, optional?: boolean }>

function areInstalled(wanted: Packages, installed?: Packages): boolean {
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }))
  if (installed) {
    mkdirSync(join(folder, 'node_modules'))
    writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }))
  }
  return spawnSync(process.execPath, [join(import.meta.dirname, 'packages-installed.mjs'), folder]).status === 0
}

const one = { 'node_modules/one': { version: '1.0.0' } }

it('is satisfied with exactly what the lock names', () => expect(areInstalled(one, one)).toBe(true))
it('asks for an installation in a fresh clone', () => expect(areInstalled(one)).toBe(false))
it('asks when a version changed', () =>
  expect(areInstalled(one, { 'node_modules/one': { version: '0.9.0' } })).toBe(false))
it('asks when a package is missing', () => expect(areInstalled(one, {})).toBe(false))
it('asks when a package is left over', () =>
  expect(areInstalled(one, { ...one, 'node_modules/old': { version: '1.0.0' } })).toBe(false))
it('lets optional packages of other platforms be absent, and those of this one present', () => {
  const other = { 'node_modules/native-other': { version: '1.0.0', optional: true } }
  const mine = { 'node_modules/native-mine': { version: '1.0.0', optional: true } }
  expect(areInstalled({ ...one, ...other }, { ...one, ...mine })).toBe(true)
})
