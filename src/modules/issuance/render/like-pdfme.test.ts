import { describe, expect, test } from 'vitest'
import { type PlacedWord, pdfWords } from '../../../../test/render/pdf-files.ts'
import { sampleInput } from '../../../../test/render/sample.ts'
import { stockPage } from '../../../../test/render/stock-pdfme.ts'
import type { Design } from './designs/design.ts'
import { builtInDesigns } from './designs/designs.ts'
import { type Raster, rasterizePage } from './pictures/raster.ts'
import { renderCertificate } from './render.ts'
import { pageSize, qrBox } from './text-box.ts'

/** Decision 0121. */
const BASE_LINE_POINTS = 0.5
const MIDDLE_POINTS = 0.5
const DOTS_PER_INCH = 100
const DIFFERENT_SHARE = 0.004
const DIFFERENT_BY = 64

const texts = (design: Design, name: string, course: string) => {
  const words = design.words.en!
  const input = sampleInput({ design: design.id, name, course, test: true })
  const fields = {
    ...Object.fromEntries(Object.entries(words).map(([word, text]) => [`words.${word}`, text])),
    recipientName: name, achievementName: course, issuerName: input.values.issuerName, statement: words.statement,
    dateLabel: words.completedOn, date: 'March 7, 2026', issuedLine: `${words.issuedOn} November 23, 2026`,
    verifyUrl: input.verifyUrl, test: words.test,
  }
  return { input, fields }
}

/** Words that stand on both pages, in pairs. Text that is set apart is not one word to pdftotext. */
function pairs(ours: PlacedWord[], stock: PlacedWord[]): [PlacedWord, PlacedWord][] {
  const left = [...stock]
  return ours.flatMap((word): [PlacedWord, PlacedWord][] => {
    const at = left.findIndex(({ text }) => text === word.text)
    return at < 0 ? [] : [[word, left.splice(at, 1)[0]!]]
  })
}

/** The share of the page's pixels that differ, without the QR code, whose mask is ours to choose. */
function difference(ours: Raster, stock: Raster, design: Design): number {
  expect([ours.width, ours.height]).toEqual([stock.width, stock.height])
  const scale = DOTS_PER_INCH / 72
  const qr = qrBox(design)
  const top = pageSize(design).height - qr.y - qr.side
  const inQr = (x: number, y: number) =>
    x >= qr.x * scale - 1 && x <= (qr.x + qr.side) * scale + 1 && y >= top * scale - 1 && y <= (top + qr.side) * scale + 1
  let different = 0
  for (let at = 0; at < ours.rgba.length; at += 4) {
    const pixel = at / 4
    if (inQr(pixel % ours.width, Math.floor(pixel / ours.width))) continue
    if ([0, 1, 2].some((part) => Math.abs(ours.rgba[at + part]! - stock.rgba[at + part]!) > DIFFERENT_BY)) different++
  }
  return different / (ours.rgba.length / 4)
}

describe.each(builtInDesigns)('$id looks as pdfme prints it', { timeout: 60_000 }, (design) => {
  test.each([['Ada Lovelace', 'Distributed Systems'], ['Elena Moreno-Ibsen', 'Human Biology']])('for %s', async (name, course) => {
    const { input, fields } = texts(design, name, course)
    const [ours, stock] = [await renderCertificate(input), await stockPage(design, fields)]

    const found = pairs(await pdfWords(ours), await pdfWords(stock))
    expect(found.length).toBeGreaterThan(15)
    for (const [one, other] of found) {
      expect(Math.abs(one.bottom - other.bottom), one.text).toBeLessThanOrEqual(BASE_LINE_POINTS)
      expect(Math.abs(one.left + one.right - other.left - other.right) / 2, one.text).toBeLessThanOrEqual(MIDDLE_POINTS * 2)
    }

    const { width, height } = pageSize(design)
    const size = { width: Math.round((width / 72) * DOTS_PER_INCH), height: Math.round((height / 72) * DOTS_PER_INCH) }
    const [picture, wanted] = [await rasterizePage(ours, size), await rasterizePage(stock, size)]
    expect(difference(picture, wanted, design)).toBeLessThanOrEqual(DIFFERENT_SHARE)
  })
})
