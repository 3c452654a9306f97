import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import { afterEach, describe, expect, it } from 'vitest'
import { checkBoundaries, type BoundaryReport } from '../../scripts/lib/check-boundaries.ts'
import { clean, violations, type Tree } from './planted.ts'

const project = resolve(fileURLToPath(import.meta.url), '../../..')
const folders: string[] = []
afterEach(() => folders.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true })))

/** A project of these files, held to the real rules with the real packages. */
function plant(tree: Tree): string {
  const folder = mkdtempSync(join(tmpdir(), 'vellum-boundaries-'))
  folders.push(folder)
  for (const file of ['package.json', 'tsconfig.json', '.dependency-cruiser.mjs']) cpSync(join(project, file), join(folder, file))
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, source] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), source)
  }
  return folder
}

/** Holds the project in a folder to the rules. */
async function gate(folder: string): Promise<BoundaryReport> {
  const before = process.cwd()
  process.chdir(folder)
  try {
    return await checkBoundaries()
  } finally {
    process.chdir(before)
  }
}

const found = (report: BoundaryReport) => [...new Set(report.violations.map(({ rule }) => rule))]

describe('the boundary gate', () => {
  it('passes a project that keeps every boundary, having read each of its files', async () => {
    const report = await gate(plant(clean))
    expect(report.violations).toEqual([])
    expect(report).toMatchObject({ files: Object.keys(clean).length, read: Object.keys(clean).length })
  })

  it.each(violations)('names $rule for $what', async ({ rule, tree }) => {
    const report = await gate(plant({ ...clean, ...tree }))
    expect(found(report)).toContain(rule)
    const named = report.violations.filter(violation => violation.rule === rule)
    expect(named.some(({ from }) => Object.keys(tree).includes(from.replace(/:\d+$/, '')))).toBe(true)
    expect(named.every(({ instead }) => instead.length > 20)).toBe(true)
  })

  it('has a planted violation for every rule', async () => {
    const { ruleSet } = await extractOptions(join(project, '.dependency-cruiser.mjs'))
    const rules = ruleSet?.forbidden?.map(({ name }) => name) ?? []
    const planted = new Set(violations.map(({ rule }) => rule))
    expect(rules.length).toBeGreaterThan(10)
    expect(rules.filter(name => !name || !planted.has(name))).toEqual([])
  })

  it('fails when it reads nothing', async () => {
    expect(found(await gate(plant({ 'src/README.md': 'No code here.', 'scripts/elsewhere.ts': 'export {}' })))).toEqual(['every-file-is-read'])
  })

  it('reads every source file of Vellum', async () => {
    const onDisk = globSync('src/**/*.{ts,tsx}', { cwd: project }).length
    expect(onDisk).toBeGreaterThan(50)
    expect(await gate(project)).toMatchObject({ files: onDisk, read: onDisk })
  })

  it('tells a person the rule and what to do, and exits with 1', () => {
    const run = (tree: Tree) => spawnSync(process.execPath, [join(project, 'scripts/boundaries.ts')], { cwd: plant(tree) })
    const broken = run({ ...clean, 'src/modules/bravo/copy.ts': `export * from '../alpha/tables.ts'\n` })
    expect(broken.status).toBe(1)
    expect(broken.stdout.toString()).toContain('own-tables-only: A table belongs to one module. Ask its owner by contract')
    expect(broken.stdout.toString()).toContain('  src/modules/bravo/copy.ts → src/modules/alpha/tables.ts')
    const kept = run(clean)
    expect(kept.status).toBe(0)
    const count = Object.keys(clean).length
    expect(kept.stdout.toString()).toBe(`${count} of ${count} files read, 0 boundaries broken.\n`)
  })
})
