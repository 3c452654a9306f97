// Builds Vellum as one executable file, for the kind of machine that it is built on. See scripts/build-binary.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { addon, bundle } from './lib/executable/bundle.ts'
import { files, threads } from './lib/executable/contents.ts'
import { licences } from './lib/executable/licences.ts'

const { values } = parseArgs({ options: { out: { type: 'string', default: 'vellum' } } })
const started = Date.now()
const output = resolve(values.out)
const work = mkdtempSync(join(tmpdir(), 'vellum-build-'))
process.once('exit', () => rmSync(work, { recursive: true, force: true }))
mkdirSync(dirname(output), { recursive: true })

const code = new Map(['src/executable.ts', ...threads()].map((path) => [path, join(work, path.replace(/\.ts$/, '.js'))]))
const metafiles = await Promise.all([...code].map(([path, file]) => bundle(path, file)))
const carried = [...files(), addon]
const inputs = [...metafiles.flatMap(({ inputs }) => Object.keys(inputs)), ...carried]
writeFileSync(join(work, 'licences.txt'), licences(inputs, process.execPath))

const main = code.get('src/executable.ts')!
code.delete('src/executable.ts')
writeFileSync(join(work, 'sea.json'), JSON.stringify({
  main,
  mainFormat: 'module',
  output,
  executable: process.execPath,
  disableExperimentalSEAWarning: true,
  // As scripts/start runs it.
  execArgv: ['--max-semi-space-size=8', '--heap-growing-percent=30', '--external-memory-accounted-in-global-limit'],
  assets: {
    ...Object.fromEntries(carried.map((path) => [path, resolve(path)])),
    ...Object.fromEntries(code),
    'licences.txt': join(work, 'licences.txt'),
  },
}))
execFileSync(process.execPath, ['--build-sea', join(work, 'sea.json')], { stdio: ['ignore', 'ignore', 'inherit'] })
const megabytes = (file: string) => `${Math.round(statSync(file).size / 1e6)} MB`
process.stderr.write(`${output}: ${megabytes(output)}, of which ${megabytes(process.execPath)} are Node, in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
