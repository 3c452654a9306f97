import { describe, expect, test } from 'vitest'
import { ownPage } from '../../../../test/render/own-page.ts'
import { ownDesign } from './own-designs.ts'
import { asPdfme, designOfTemplate, pictureIds } from './own-template.ts'
import { readPdfmeTemplate } from './pdfme-template.ts'

const id = 'a'.repeat(64)
const page = (): any => ownPage(`image:${id}`)

function read(value: unknown) {
  const found = readPdfmeTemplate(value)
  if ('faults' in found) throw new Error(JSON.stringify(found.faults))
  return found.template(new Map(found.pictures.map(({ source }) => [source, 'id' in source ? source.id : 'sent'])))
}

const faults = (value: unknown) => {
  const found = readPdfmeTemplate(value)
  return 'faults' in found ? found.faults.map(({ pointer, message }) => [pointer, message]) : []
}

/** The page of the example with one field changed. */
const changed = (name: string, change: object, type = 'text') => {
  const value = page()
  Object.assign(value.schemas[0].find((field: any) => field.name === name && field.type === type), change)
  return value
}
const at = (value: any, name: string, type = 'text') => value.schemas[0].findIndex((field: any) => field.name === name && field.type === type)

describe('a page from pdfme’s designer', () => {
  test('is read; what cannot matter is dropped, what pdfme leaves out is what pdfme takes', () => {
    const template = read(page())
    const text = template.schemas[0].find(({ name }) => name === 'statement')
    expect(text).toEqual({
      type: 'text', name: 'statement', position: { x: 60, y: 91 }, width: 177, height: 8, fontName: 'NotoSans-Regular', fontSize: 13, fontColor: '#1b2a49',
      alignment: 'center', verticalAlignment: 'middle', lineHeight: 1.2, characterSpacing: 0, dynamicFontSize: { min: 13, max: 13, fit: 'vertical' },
    })
    expect(template.schemas[0].find(({ name }) => name === 'recipientName')).toMatchObject({ fontSize: 32, dynamicFontSize: { min: 12, max: 32 } })
    expect(pictureIds(template)).toEqual([id])
  })

  test('given back and read again is the same page', () => {
    const template = read(page())
    expect(ownDesign(read(JSON.parse(JSON.stringify(asPdfme(template)))))).toBe(ownDesign(template))
  })

  test('has the areas behind its texts and its code as areas of their own', () => {
    const fields = read(changed('date', { backgroundColor: '#fff3c4' })).schemas[0]
    expect(fields.slice(-2).map(({ type, name }) => [type, name])).toEqual([['rectangle', 'behind date'], ['rectangle', 'behind verifyUrl']])
  })

  test('without a place for it still says of a test credential that it is one', () => {
    const { template } = designOfTemplate('key', read(page()), new Map())
    expect(template.schemas[0].filter(({ name }) => name === 'test')).toHaveLength(1)
  })
})

describe('what cannot be printed is refused at its place', () => {
  const text: [string, string, object, string][] = [
    ['a font that is not here', 'statement', { fontName: 'Roboto' }, 'fontName'],
    ['a size beyond measure', 'statement', { fontSize: 2_000 }, 'fontSize'],
    ['a colour by name', 'statement', { fontColor: 'red' }, 'fontColor'],
    ['a text that is turned', 'statement', { rotate: 90 }, 'rotate'],
    ['a translucent text', 'statement', { opacity: 0.5 }, 'opacity'],
    ['underline', 'statement', { underline: true }, 'underline'],
    ['justified text', 'statement', { alignment: 'justify' }, 'alignment'],
    ['markdown', 'line', { textFormat: 'inline-markdown' }, 'textFormat'],
    ['a border', 'statement', { borderWidth: { top: 1, right: 0, bottom: 0, left: 0 } }, 'borderWidth'],
    ['a field beside the page', 'statement', { position: { x: 200, y: 91 } }, 'position'],
    ['a negative place', 'statement', { position: { x: -5, y: 91 } }, 'position/x'],
    ['a name that no value has', 'statement', { name: 'firstName' }, 'name'],
    ['a name twice', 'statement', { name: 'recipientName' }, 'name'],
    ['a word that is none', 'words.title', { name: 'words.toString' }, 'name'],
    ['a value that is fixed', 'statement', { readOnly: true }, 'readOnly'],
    ['an expression', 'line', { content: 'Dear {recipientName}' }, 'content'],
    ['several lines', 'line', { content: 'One\nTwo' }, 'content'],
  ]
  test.each(text)('%s', (_, name, change, property) => {
    const value = changed(name, change)
    const index = page().schemas[0].findIndex((field: any) => field.name === name && field.type === 'text')
    const pointers = faults(value).map(([pointer]) => pointer)
    expect(pointers).toEqual([`/schemas/0/${index}/${property}`])
    for (const [, message] of faults(value)) expect(message).toMatch(/^[A-Z][^]*\.$/)
  })

  test('other types, other pages, other backgrounds', () => {
    const more = (field: object) => ({ ...page(), schemas: [[...page().schemas[0], { name: 'x', position: { x: 0, y: 0 }, width: 20, height: 20, ...field }]] })
    const last = page().schemas[0].length
    for (const type of ['svg', 'table', 'multiVariableText', 'signature', 'ean13', undefined, '__proto__'])
      expect(faults(more({ type }))[0]?.[0]).toBe(`/schemas/0/${last}/type`)
    expect(faults({ ...page(), schemas: [page().schemas[0], []] })[0]?.[0]).toBe('/schemas')
    expect(faults({ ...page(), schemas: [{}] })[0]?.[0]).toBe('/schemas/0')
    expect(faults({ ...page(), basePdf: 'data:application/pdf;base64,JVBERi0xLjc=' })).toEqual([['/basePdf', expect.stringMatching(/blank page/)]])
    expect(faults({ ...page(), basePdf: { width: 5_000, height: 210 } })[0]?.[0]).toBe('/basePdf/width')
    expect(faults({ ...page(), basePdf: { ...page().basePdf, staticSchema: [{}] } })[0]?.[0]).toBe('/basePdf/staticSchema')
    for (const value of [undefined, null, 1, 'x', [], {}]) expect(faults(value).length).toBeGreaterThan(0)
  })

  test('pictures that are no data URL of a picture', () => {
    for (const content of ['https://example.org/logo.png', 'data:image/svg+xml;base64,PHN2Zy8+', 'file:///etc/passwd', `image:${id.slice(1)}`, ''])
      expect(faults(changed('picture', { content }, 'image'))[0]?.[0]).toBe(`/schemas/0/${at(page(), 'picture', 'image')}/content`)
  })

  test('a code that no camera reads, two of them, or none; and no recipient', () => {
    expect(faults(changed('verifyUrl', { width: 8 }, 'qrcode'))[0]?.[0]).toBe(`/schemas/0/${at(page(), 'verifyUrl', 'qrcode')}/width`)
    const without = (drop: (field: any) => boolean) => ({ ...page(), schemas: [page().schemas[0].filter((field: any) => !drop(field))] })
    expect(faults(without(({ type }) => type === 'qrcode'))[0]?.[1]).toMatch(/one QR code/)
    expect(faults({ ...page(), schemas: [[...page().schemas[0], page().schemas[0].find(({ type }: any) => type === 'qrcode')]] })[0]?.[1]).toMatch(/one QR code/)
    expect(faults(without(({ name }) => name === 'recipientName'))[0]?.[1]).toMatch(/recipientName/)
  })

  test('more fields than a page needs', () => {
    const many = Array.from({ length: 101 }, (_, n) => ({ type: 'line', name: `l${n}`, position: { x: 1, y: 1 }, width: 1, height: 1 }))
    expect(faults({ ...page(), schemas: [many] })[0]?.[0]).toBe('/schemas/0')
  })
})
