// npm run drawings   has pdfme draw the built-in designs, and keeps what it drew
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawBuiltInDesigns } from '../test/render/draw-built-in.ts'

const file = join(import.meta.dirname, '../src/modules/issuance/render/kept-drawings.json')
writeFileSync(file, `${JSON.stringify(await drawBuiltInDesigns(), null, 1)}\n`)
