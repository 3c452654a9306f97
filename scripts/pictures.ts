import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import { badgePng } from '../src/modules/issuance/render/pictures/badge-picture.ts'
import { type Raster, rasterizePage } from '../src/modules/issuance/render/pictures/raster.ts'
import { renderCertificate } from '../src/modules/issuance/render/render.ts'
import { DESIGNS, sampleInput, type SampleRow, sampleRows } from '../test/render/sample.ts'

/** Makes the pictures under docs/images anew: twenty certificates of the sample, a sheet of them, a badge of each design. */

const images = join(import.meta.dirname, '../docs/images')
const folder = join(images, 'certificates')
/** A4 at 100 dots per inch. */
const PAGE = { width: 1169, height: 1169 }
const THUMB = { width: 380, height: 380 }
const COLUMNS = 5
const GAP = 14

/** Twenty people: every script of the sample, the longest name, a name that is HTML. Neighbours have another design. */
function chosen(): SampleRow[] {
  const rows = sampleRows()
  const longest = rows.toSorted((a, b) => b.name.length - a.name.length)[0]!
  const markup = rows.find(({ name }) => name.includes('<'))!
  const locales = ['en', 'ar', 'zh', 'hi', 'th', 'he', 'ja', 'fa', 'ko', 'ne', 'hy', 'ka', 'ru', 'el', 'vi', 'tr', 'pl', 'de']
  return [...locales.map((locale) => rows.find((row) => row.locale === locale)!), longest, markup]
}

type Color = readonly [red: number, green: number, blue: number]

/** A PNG file of at most 256 colours, each the mean of those near it: a page of text loses nothing by it. */
function smallPng({ width, height, rgba }: Raster): Uint8Array {
  const cells = new Map<number, { pixels: number; sum: [number, number, number] }>()
  const cellOf = Array.from({ length: width * height }, (_, at) => {
    const [red, green, blue] = rgba.subarray(4 * at, 4 * at + 3) as unknown as Color
    const key = ((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4)
    const cell = cells.get(key) ?? { pixels: 0, sum: [0, 0, 0] }
    cells.set(key, { pixels: cell.pixels + 1, sum: [cell.sum[0] + red, cell.sum[1] + green, cell.sum[2] + blue] })
    return key
  })
  const mean = ({ pixels, sum }: { pixels: number; sum: Color }): Color => sum.map((part) => Math.round(part / pixels)) as unknown as Color
  const colors = new Map([...cells].map(([key, cell]) => [key, mean(cell)]))
  const kept = [...cells].toSorted((a, b) => b[1].pixels - a[1].pixels).slice(0, 256).map(([key]) => key)
  const distance = (a: Color, b: Color) => a.reduce((sum, part, at) => sum + (part - b[at]!) ** 2, 0)
  const numbers = new Map([...colors].map(([key, color]) => {
    const exact = kept.indexOf(key)
    if (exact >= 0) return [key, exact]
    const distances = kept.map((other) => distance(color, colors.get(other)!))
    return [key, distances.indexOf(Math.min(...distances))]
  }))
  const data = Uint8Array.from(cellOf, (key) => numbers.get(key)!)
  const palette = kept.map((key) => [...colors.get(key)!] as [number, number, number])
  return encode({ width, height, data, channels: 1, depth: 8, palette }, { zlib: { level: 9 } })
}

function sheetOf(pictures: readonly Raster[]): Raster {
  const rows = Math.ceil(pictures.length / COLUMNS)
  const width = COLUMNS * (THUMB.width + GAP) + GAP
  const height = rows * (THUMB.height + GAP) + GAP
  const rgba = new Uint8Array(width * height * 4).fill(221)
  pictures.forEach((picture, index) => {
    const left = GAP + (index % COLUMNS) * (THUMB.width + GAP) + Math.floor((THUMB.width - picture.width) / 2)
    const top = GAP + Math.floor(index / COLUMNS) * (THUMB.height + GAP) + Math.floor((THUMB.height - picture.height) / 2)
    for (let y = 0; y < picture.height; y++) {
      rgba.set(picture.rgba.subarray(4 * y * picture.width, 4 * (y + 1) * picture.width), 4 * ((top + y) * width + left))
    }
  })
  return { width, height, rgba }
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const thumbs: Raster[] = []
for (const [index, { name, course, completed_on, locale }] of chosen().entries()) {
  const design = DESIGNS[(index + Math.floor(index / DESIGNS.length)) % DESIGNS.length]!
  const { values } = sampleInput()
  const pdf = await renderCertificate(sampleInput({
    design, locale, test: index % 7 === 6,
    values: { ...values, recipientName: name, achievementName: course, completedOn: completed_on },
  }))
  const file = `${String(index + 1).padStart(2, '0')}-${locale}-${design}.png`
  writeFileSync(join(folder, file), smallPng(await rasterizePage(pdf, PAGE)))
  thumbs.push(await rasterizePage(pdf, THUMB))
  process.stdout.write(`${file}\n`)
}
writeFileSync(join(images, 'certificates.png'), smallPng(sheetOf(thumbs)))
for (const design of DESIGNS) {
  const input = { design, achievementName: 'Distributed Systems', issuerName: 'Northwind Institute', locale: 'en', test: false }
  writeFileSync(join(images, `badge-${design}.png`), await badgePng({ ...input, credentialJson: '{}' }))
}
