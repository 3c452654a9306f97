import { PDFArray, PDFDict, PDFDocument, PDFName, PDFRawStream, PDFRef, decodePDFRawStream } from '@pdfme/pdf-lib'
import type { PDFObject } from '@pdfme/pdf-lib'
import { generate } from '@pdfme/generator'
import { ellipse, image, line, rectangle, svg } from '@pdfme/schemas'
import type { Design } from './designs/design.ts'
import type { NamedImage } from './embedded-images.ts'
import { standIn, standsFor } from './image-stand-in.ts'

/** What pdfme draws of a design, taken out of its file. */
export type StaticPage = {
  /** Content operators with short numbers. */
  content: string
  /** Entries of the resource dictionary beside fonts and pictures; they refer to nothing outside. */
  resources: string
  /** The pictures that the content shows. */
  images: NamedImage[]
}

/** pdfme names resources at random; the same design must give the same bytes, so names are counted instead. */
function countNames(text: string, names: Map<string, string>): string {
  return text.replace(/\/([A-Za-z]+)-\d{4,}/g, (found, kind: string) => {
    if (!names.has(found)) names.set(found, `/${kind}${names.size}`)
    return names.get(found)!
  })
}

/**
 * Places need two decimals: of a point that is less than four thousandths of a millimetre. A matrix multiplies what
 * follows it, so it keeps six: at the far edge of a page two would miss by half a millimetre.
 */
function shortNumbers(text: string): string {
  return text.split('\n').map((line) => {
    const precision = line.endsWith(' cm') ? 1e6 : 100
    return line.replace(/-?\d*\.\d{3,}/g, (number) => String(Math.round(Number(number) * precision) / precision))
  }).join('\n')
}

function serialize(object: PDFObject): string {
  const bytes = new Uint8Array(object.sizeInBytes())
  object.copyBytesInto(bytes, 0)
  return Buffer.from(bytes).toString('latin1')
}

function resolved(document: PDFDocument, object: PDFObject): PDFObject {
  return (object instanceof PDFRef ? document.context.lookup(object) : object) ?? object
}

/** A dictionary with everything that it refers to written into it. */
function inlined(document: PDFDocument, dictionary: PDFDict): string {
  const entries = dictionary.entries().map(([key, value]) => {
    const target = resolved(document, value)
    const nested = 'entries' in target && !(target instanceof PDFArray)
    return `${key.toString()} ${nested ? inlined(document, target as PDFDict) : serialize(target)}`
  })
  return `<<${entries.join(' ')}>>`
}

function contentStreams(document: PDFDocument): PDFRawStream[] {
  const contents = resolved(document, document.getPage(0).node.get(PDFName.of('Contents'))!)
  const list = contents instanceof PDFArray ? contents.asArray() : [contents]
  return list.map((entry) => resolved(document, entry)).filter((stream) => stream instanceof PDFRawStream)
}

/** The names by which the content shows pictures, in the order of the resources. */
function shownImages(document: PDFDocument, names: Map<string, string>): NamedImage[] {
  const pictures = document.getPage(0).node.Resources()?.lookupMaybe(PDFName.of('XObject'), PDFDict)
  return (pictures?.entries() ?? []).map(([key, value]) => {
    const stream = resolved(document, value) as PDFRawStream
    return { name: countNames(key.toString(), names).slice(1), image: standsFor(stream.getContents()) }
  })
}

/**
 * Has pdfme draw the ornaments, lines and areas of a design (never its texts: pdfme does not place the marks of Arabic
 * and Devanagari), and takes the page apart. Of pictures it draws stand-ins, which tell their place. The answer depends on nothing but the design.
 */
export async function drawStaticPage(design: Design): Promise<StaticPage> {
  const graphics = design.template.schemas[0]
    .filter(({ type }) => type !== 'text' && type !== 'qrcode')
    .map((schema) => (schema.type === 'image' ? { ...schema, content: standIn(schema.image, design) } : schema))
  const bytes = await generate({
    template: { basePdf: design.template.basePdf, schemas: [graphics] } as Parameters<typeof generate>[0]['template'],
    inputs: [{}],
    plugins: { svg, line, rectangle, ellipse, image },
  })
  const document = await PDFDocument.load(bytes, { updateMetadata: false })
  const names = new Map<string, string>()
  const content = contentStreams(document)
    .map((stream) => Buffer.from(decodePDFRawStream(stream).decode()).toString('latin1'))
    .join('\n')
  const resources = document.getPage(0).node.Resources()
  const entries = resources?.entries().filter(([key]) => key !== PDFName.of('Font') && key !== PDFName.of('XObject')) ?? []
  const written = entries.map(([key, value]) => {
    const target = resolved(document, value)
    return `${key.toString()} ${target instanceof PDFArray ? serialize(target) : inlined(document, target as PDFDict)}`
  })
  return {
    content: countNames(shortNumbers(content), names),
    resources: countNames(written.join(''), names),
    images: shownImages(document, names),
  }
}
