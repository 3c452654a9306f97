import { describe, expect, test } from 'vitest'
import { checkPdf, pdfAttachment, pdfInfo, pdfStructure, pdfTexts } from '../../../../test/render/pdf-files.ts'
import { DESIGNS, sampleInput, sampleRows } from '../../../../test/render/sample.ts'
import { RenderInputError } from './input.ts'
import { renderCertificate } from './render.ts'

describe('every name of the sample', () => {
  const all = sampleRows()

  // The first design prints all of them, each other one a quarter.
  test.each(DESIGNS.map((design, index) => ({ design, every: index === 0 ? 1 : 4, from: index % 4 })))(
    'is read back from $design as it was written', { timeout: 120_000 }, async ({ design, every, from }) => {
      const rows = all.filter((_, index) => index % every === (every === 1 ? 0 : from))
      const files: Uint8Array[] = []
      for (const { name, course, locale } of rows) {
        files.push(await renderCertificate(sampleInput({ design, name, course, locale })))
      }
      const texts = await pdfTexts(files)
      const missing = rows.flatMap(({ name, course }, index) =>
        [name, course].filter((wanted) => !texts[index]!.includes(wanted.normalize('NFC'))),
      )
      expect(rows).toHaveLength(1_000 / every)
      expect(texts).toHaveLength(1_000 / every)
      expect(missing).toEqual([])
    },
  )
})

describe('names that are not names', () => {
  test('HTML and formulas are printed as text', async () => {
    const names = ['<img src=x onerror=alert(1)>', '=HYPERLINK("http://x.example","y")', '(\\) Tj ET Q']
    const files = await Promise.all(names.map((name) => renderCertificate(sampleInput({ name, title: name }))))
    const texts = await pdfTexts(files)
    names.forEach((name, index) => expect(texts[index]).toContain(name))
  })

  test('marks that turn the direction of a line do nothing', async () => {
    const [turned] = await pdfTexts([await renderCertificate(sampleInput({ name: 'Ada \u202eecalevoL\u202c' }))])
    expect(turned).toContain('Ada ecalevoL')
  })

  test('white space and control characters are spaces or nothing', async () => {
    const [text] = await pdfTexts([await renderCertificate(sampleInput({ name: ' Ada\u0007 \r\n Lovelace\u2029' }))])
    expect(text).toContain('Ada Lovelace')
  })

  test('a decomposed name is composed', async () => {
    const [text] = await pdfTexts([await renderCertificate(sampleInput({ name: 'Nguye\u0302\u0303n' }))])
    expect(text).toContain('Nguyễn')
  })

  test('vocalised Arabic and Hebrew, Persian with a zero-width non-joiner keep their order', async () => {
    const names = ['مُحَمَّد', 'שָׂרָה כֹּהֵן', 'می\u200cخواهم']
    const texts = await pdfTexts(await Promise.all(names.map((name) => renderCertificate(sampleInput({ name })))))
    // poppler leaves the joiner out.
    const comparable = (text: string) => text.replaceAll('\u200c', '').normalize('NFC')
    names.forEach((name, i) => expect(comparable(texts[i]!)).toContain(comparable(name)))
  })
})

describe('the file', () => {
  test.each(DESIGNS)('%s is a correct PDF file in every script', { timeout: 60_000 }, async (design) => {
    const rows = new Map(sampleRows().map((row) => [row.locale, row]))
    expect(rows.size).toBe(22)
    for (const { name, course, locale } of rows.values()) {
      const file = await renderCertificate(sampleInput({ design, name, course, locale, test: true }))
      expect(await checkPdf(file)).toMatch(/No syntax or stream encoding errors found/)
    }
  })

  test('carries the credential byte for byte', async () => {
    const credentialJson = JSON.stringify({ name: 'Zoë 王', text: 'endstream endobj '.repeat(200) })
    const file = await renderCertificate(sampleInput({ credentialJson }))
    expect((await pdfAttachment(file, 'credential.json')).equals(Buffer.from(credentialJson))).toBe(true)
    expect(Buffer.from(file).toString('latin1')).toContain('/AFRelationship/Data')
  })

  test('has a title, a language and a structure in reading order', async () => {
    const file = await renderCertificate(sampleInput({ title: 'Zertifikat für Łukasz', name: 'Łukasz' }))
    const info = await pdfInfo(file)
    expect(info).toMatch(/Title:\s+Zertifikat für Łukasz/)
    expect(info).toMatch(/Tagged:\s+yes/)
    expect(info).toMatch(/Page size:\s+841.89 x 595.276 pts \(A4\)/)
    const structure = await pdfStructure(file)
    const order = ['Northwind Institute', 'Certificate of Completion', 'Łukasz', 'Distributed Systems', 'Scan to verify']
    const places = order.map((text) => structure.indexOf(text))
    expect(places).not.toContain(-1)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  })

  test('is the same for the same input, whatever was rendered before', async () => {
    const first = await renderCertificate(sampleInput({ name: 'नीता राणा' }))
    await renderCertificate(sampleInput({ name: 'रोहित वर्मा', locale: 'hi' }))
    const second = await renderCertificate(sampleInput({ name: 'नीता राणा' }))
    expect(Buffer.from(second).equals(Buffer.from(first))).toBe(true)
  })
})

describe('what is printed', () => {
  const text = async (change: Parameters<typeof sampleInput>[0]) =>
    (await pdfTexts([await renderCertificate(sampleInput(change))]))[0]

  test('dates in the way of the locale where the design speaks its language, as calendar days of UTC', async () => {
    expect(await text({})).toMatch(/March 7, 2026.*Completed on.*Issued on November 23, 2026/)
    expect(await text({ locale: 'en-GB' })).toContain('7 March 2026')
    expect(await text({ locale: 'ar-EG', name: 'نوف' })).toContain('مارس')
  })

  test('dates in English beside English words', async () => {
    expect(await text({ locale: 'de' })).toContain('March 7, 2026')
    expect(await text({ locale: 'fa' })).toContain('March 7, 2026')
  })

  test('the date of issue where no completion is known', async () => {
    const { completedOn: _, ...values } = sampleInput().values
    const printed = await text({ values })
    expect(printed).toMatch(/November 23, 2026.*Issued on/)
    expect(printed).not.toContain('Completed on')
  })

  test('the words of the design in Arabic for an Arabic recipient, in English for others', async () => {
    expect(await text({ locale: 'ar-EG', name: 'نوف' })).toContain('شهادة إتمام')
    expect(await text({ locale: 'he' })).toContain('Certificate of Completion')
    expect(await text({ locale: 'no such locale' })).toContain('March 7, 2026')
  })

  test('that it is a test credential, if it is', async () => {
    expect(await text({ test: true })).toContain('Test credential')
    expect(await text({})).not.toContain('Test credential')
  })

  test("the issuer's own sentence instead of the design's", async () => {
    const values = { ...sampleInput().values, statement: 'has passed with distinction' }
    const printed = await text({ values })
    expect(printed).toContain('has passed with distinction')
    expect(printed).not.toContain('has successfully completed')
  })

  test('the address of verification', async () => {
    expect(await text({})).toContain('https://credentials.example.org/v/Zk3v9QmT2xW8sLrB5nPd4A')
  })
})

describe('input that cannot be rendered', () => {
  const { values } = sampleInput()
  test.each([
    ['an unknown design', { design: 'none' }],
    ['an unknown version', { designVersion: 99 }],
    ['an empty name', { name: ' \u202e\u0007 ' }],
    ['a name of 3,000 characters', { name: 'a'.repeat(3_000) }],
    ['a date that is none', { values: { ...values, completedOn: 'yesterday' } }],
    ['a script as address', { verifyUrl: 'javascript:alert(1)' }],
  ])('%s is refused', async (_, change) => {
    await expect(renderCertificate(sampleInput(change))).rejects.toBeInstanceOf(RenderInputError)
  })

  test('the refusal tells no personal data', async () => {
    const name = 'Secret Person '.repeat(300)
    const refusal = await renderCertificate(sampleInput({ name })).catch((error: Error) => error)
    expect((refusal as Error).message).not.toContain('Secret')
  })
})
