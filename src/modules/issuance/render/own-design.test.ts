import { describe, expect, test } from 'vitest'
import { logo, ownPage } from '../../../../test/render/own-page.ts'
import { checkPdf } from '../../../../test/render/pdf-files.ts'
import { sampleInput } from '../../../../test/render/sample.ts'
import { stockPage } from '../../../../test/render/stock-pdfme.ts'
import { designOfTemplate } from '../template/own-template.ts'
import { readPdfmeTemplate } from '../template/pdfme-template.ts'
import type { Design } from './designs/design.ts'
import { rasterizePage } from './pictures/raster.ts'
import { createRenderPool } from './pool.ts'
import { createRecent } from './recent.ts'
import { renderCertificate } from './render.ts'

const id = 'a'.repeat(64)
const picture = { mediaType: 'image/png' as const, width: 200, height: 200, bytes: new Uint8Array(logo(200)) }

/** The page of the example; its picture is turned and a little translucent. */
function ownDesign(key: string): Design {
  const page: any = ownPage(`image:${id}`)
  Object.assign(page.schemas[0].find(({ type }: any) => type === 'image'), { rotate: 20, opacity: 0.7 })
  const read = readPdfmeTemplate(page)
  if ('faults' in read) throw new Error(JSON.stringify(read.faults))
  return designOfTemplate(key, read.template(new Map(read.pictures.map(({ source }) => [source, id]))), new Map([[id, picture]]))
}

describe('a page that somebody designed', { timeout: 120_000 }, () => {
  test('looks as pdfme prints it, picture and all', async () => {
    const design = ownDesign('looks')
    const words = design.words.en!
    const input = sampleInput({ design: { key: 'looks', load: async () => design } })
    const ours = await renderCertificate(input)
    expect(await checkPdf(ours)).toMatch(/No syntax or stream encoding errors found/)
    const stock = await stockPage(design, {
      'words.title': words.title, line: 'The board of examiners states that', recipientName: 'Ada Lovelace', achievementName: 'Distributed Systems',
      issuerName: input.values.issuerName, statement: words.statement, dateLabel: words.completedOn, date: 'March 7, 2026',
      issuedLine: `${words.issuedOn} November 23, 2026`, verifyUrl: input.verifyUrl,
    })
    const size = { width: 1_169, height: 827 }
    const [one, other] = [await rasterizePage(ours, size), await rasterizePage(stock, size)]
    const scale = size.width / 297
    let different = 0
    for (let at = 0; at < one.rgba.length; at += 4) {
      const [x, y] = [(at / 4) % one.width / scale, Math.floor(at / 4 / one.width) / scale]
      // The QR code, whose mask is ours to choose.
      if (x > 217 && x < 253 && y > 137 && y < 173) continue
      if ([0, 1, 2].some((part) => Math.abs(one.rgba[at + part]! - other.rgba[at + part]!) > 64)) different++
    }
    expect(different / (one.rgba.length / 4)).toBeLessThanOrEqual(0.004)
  })

  test('is given to a worker once, and printed by it as here', async () => {
    const design = ownDesign('worker')
    let loaded = 0
    const source = { key: 'worker', load: async () => (loaded++, design) }
    const pool = createRenderPool({ size: 1 })
    try {
      const inputs = ['Ada Lovelace', 'Grace Hopper', 'Edith Clarke'].map((name) => sampleInput({ name, design: source }))
      for (const result of await pool.renderMany(inputs)) if (result.status === 'rejected') throw result.reason
      expect(loaded).toBe(1)
      expect(Buffer.from(await pool.render(inputs[0]!)).equals(Buffer.from(await renderCertificate(inputs[0]!)))).toBe(true)
      const failing = { key: 'gone', load: () => Promise.reject(new Error('The database is away')) }
      await expect(pool.render(sampleInput({ design: failing }))).rejects.toThrow('The database is away')
      expect((await pool.render(inputs[1]!)).byteLength).toBeGreaterThan(1_000)
    } finally {
      await pool.close()
    }
  })
})

test('what was used lately is kept, up to a weight, and what failed is not', async () => {
  const recent = createRecent<string>(4, (value) => value.length)
  const made: string[] = []
  const get = (key: string) => recent.get(key, async () => (made.push(key), key))
  for (const key of ['aa', 'bb', 'aa', 'cc', 'aa', 'bb']) await get(key)
  expect(made).toEqual(['aa', 'bb', 'cc', 'bb'])
  await expect(recent.get('x', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await recent.get('x', async () => 'x')).toBe('x')
})
