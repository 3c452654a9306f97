import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { files, threads } from './contents.ts'

const sources = globSync('src/**/*.ts').filter((file) => !file.endsWith('.test.ts'))
const containing = (pattern: RegExp) => sources.filter((file) => pattern.test(readFileSync(file, 'utf8'))).sort()

describe('what a single executable carries', () => {
  it('is found: threads, fonts, WebAssembly, migrations, the script of the documentation', () => {
    expect(threads().sort()).toEqual(globSync('src/**/*worker.ts').sort())
    const carried = files()
    expect(carried.filter((file) => !existsSync(file))).toEqual([])
    for (const kind of [/\.ttf$/, /harfbuzz\.wasm$/, /pdfium\.wasm$/, /mozjpeg_enc\.wasm$/, /identity\/migrations\/sqlite\/0001.*\.sql$/, /standalone\.js$/])
      expect([kind, carried.some((file) => kind.test(file))]).toEqual([kind, true])
  })

  it('is all that the program looks for: nothing asks where its own file lies but the two that know both shapes', () => {
    expect(containing(/\bimport\.meta\b/)).toEqual(['src/platform/assets.ts', 'src/platform/thread.ts'])
    expect(containing(/^import \{[^}]*\bWorker\b[^}]*\} from 'node:worker_threads'/m)).toEqual(['src/platform/thread.ts'])
  })
})
