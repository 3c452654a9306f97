import { createHash } from 'node:crypto'
import { startFonts, writeFonts } from './embedded-fonts.ts'
import { type CheckedInput, checkInput, type RenderInput } from './input.ts'
import { addObject, addStream, finishPdf, num, type PdfWriter, reserve, startPdf, textString } from './pdf-writer.ts'
import { type PlacedText, placeText } from './place.ts'
import { type PreparedPage, wordsLanguage } from './prepare.ts'
import { designOf, preparedPage } from './prepared-pages.ts'
import { qrOperators } from './qr.ts'
import { isolated } from './runs.ts'
import { specimenOperators } from './specimen.ts'
import { textOperators } from './text-operators.ts'

/** What the design's value fields say in this document; a field that is absent here is left out. */
function fieldTexts(page: PreparedPage, input: CheckedInput, test: boolean): Record<string, string | undefined> {
  const { words } = page
  return {
    recipientName: input.recipientName,
    achievementName: input.achievementName,
    issuerName: input.issuerName,
    statement: input.statement ?? words.statement,
    dateLabel: input.completedOn ? words.completedOn : words.issuedOn,
    date: input.completedOn ?? input.issuedOn,
    issuedLine: input.completedOn ? `${words.issuedOn} ${isolated(input.issuedOn)}` : undefined,
    verifyUrl: input.verifyUrl,
    test: test ? words.test : undefined,
  }
}

type PlacedField = { name: string; role: string; mark: number; placed: PlacedText }

async function placeFields(page: PreparedPage, input: CheckedInput, test: boolean): Promise<PlacedField[]> {
  const texts = fieldTexts(page, input, test)
  const fields: PlacedField[] = []
  for (const box of page.boxes) {
    const text = box.fixed ? undefined : texts[box.name]
    if (text === undefined) continue
    const language = ownWords.has(box.name) ? page.language : input.locale
    const mark = page.marks.size + fields.length
    fields.push({ name: box.name, role: box.role, mark, placed: await placeText(text, box, language) })
  }
  return fields
}

/** Fields whose text is the design's, in the language of its words. */
const ownWords = new Set(['dateLabel', 'test'])

function attachment(pdf: PdfWriter, json: string): number {
  const bytes = Buffer.from(json, 'utf8')
  const file = addStream(pdf, `/Type/EmbeddedFile/Subtype/application#2Fjson/Params<</Size ${bytes.length}>>`, bytes)
  return addObject(
    pdf,
    '<</Type/Filespec/F(credential.json)/UF(credential.json)/AFRelationship/Data' +
      `/Desc(Signed verifiable credential)/EF<</F ${file} 0 R/UF ${file} 0 R>>>>`,
  )
}

function escaped(url: string): string {
  return url.replace(/[\\()]/g, '\\$&')
}

/** The area of the QR code, which is also a link. */
function linkAnnotation(pdf: PdfWriter, page: PreparedPage, pageNumber: number, url: string): number {
  const { x, y, side } = page.qr
  return addObject(
    pdf,
    `<</Type/Annot/Subtype/Link/Rect[${[x, y, x + side, y + side].map(num).join(' ')}]/Border[0 0 0]/F 4` +
      `/P ${pageNumber} 0 R/StructParent 1/Contents${textString(page.words.verify)}/A<</S/URI/URI(${escaped(url)})>>>>`,
  )
}

type Structure = { root: number; pageNumber: number; fields: PlacedField[]; qrMark: number; link: number }

/** The order of the texts for readers that do not see the page (ISO 32000-1, 14.7). */
function writeStructure(pdf: PdfWriter, page: PreparedPage, structure: Structure): void {
  const { root, pageNumber, fields, qrMark, link } = structure
  const document = reserve(pdf)
  const byMark: number[] = []
  const kids = page.boxes.flatMap((box) => {
    const mark = page.marks.get(box.name) ?? fields.find(({ name }) => name === box.name)?.mark
    if (mark === undefined) return []
    const body = `<</Type/StructElem/S/${box.role}/P ${document} 0 R/Pg ${pageNumber} 0 R/K ${mark}>>`
    byMark[mark] = addObject(pdf, body)
    return [byMark[mark]]
  })
  const alternative = `/Alt${textString(page.words.verify)}`
  const linkElement = addObject(
    pdf,
    `<</Type/StructElem/S/Link/P ${document} 0 R/Pg ${pageNumber} 0 R${alternative}` +
      `/K[${qrMark}<</Type/OBJR/Obj ${link} 0 R/Pg ${pageNumber} 0 R>>]>>`,
  )
  byMark[qrMark] = linkElement
  const references = (numbers: number[]) => numbers.map((number) => `${number} 0 R`).join(' ')
  addObject(
    pdf,
    `<</Type/StructElem/S/Document/P ${root} 0 R/K[${references([...kids, linkElement])}]>>`,
    document,
  )
  const parents = `<</Nums[0[${references(byMark)}]1 ${linkElement} 0 R]>>`
  addObject(pdf, `<</Type/StructTreeRoot/K ${document} 0 R/ParentTree${parents}/ParentTreeNextKey 2>>`, root)
}

function fileIdentifier(input: RenderInput): string {
  return createHash('sha256').update(`${input.documentId}\n${input.credentialJson ?? ''}`).digest('hex').slice(0, 32)
}

/**
 * Renders one certificate as a PDF file of one page, with the verification address as QR code and link and the signed
 * credential attached (ISO 32000-2, 14.13). The same input gives the same bytes. Throws RenderInputError for input
 * that cannot be rendered. The first call for a design, a language or a script loads what it needs; later ones take
 * under a millisecond or two.
 */
export async function renderCertificate(input: RenderInput): Promise<Uint8Array<ArrayBuffer>> {
  const design = await designOf(input)
  const checked = checkInput(input, (locale) => wordsLanguage(design, locale))
  const page = await preparedPage(input, design, wordsLanguage(design, checked.locale))
  const fields = await placeFields(page, checked, input.test === true)
  const pdf = startPdf(page.prefix)
  const fonts = startFonts('F')

  const qrMark = page.marks.size + fields.length
  const texts = fields.map(({ placed, role, mark }) => textOperators(placed, role, mark, fonts)).join('')
  const specimen = input.specimen ? await specimenOperators(page, fonts) : ''
  const operators = `${texts}/Link<</MCID ${qrMark}>>BDC\n${qrOperators(checked.verifyUrl, page.qr)}EMC\n${specimen}`
  const content = addStream(pdf, '', Buffer.from(operators, 'latin1'))
  const fontResources = writeFonts(pdf, fonts, page.fontCount)
  const file = input.credentialJson === undefined ? undefined : attachment(pdf, input.credentialJson)
  const attached = file === undefined ? '' : `/AF[${file} 0 R]/Names<</EmbeddedFiles<</Names[(credential.json)${file} 0 R]>>>>`

  const pageNumber = reserve(pdf)
  const pages = reserve(pdf)
  const root = reserve(pdf)
  const link = linkAnnotation(pdf, page, pageNumber, checked.verifyUrl)
  writeStructure(pdf, page, { root, pageNumber, fields, qrMark, link })
  addObject(
    pdf,
    `<</Type/Page/Parent ${pages} 0 R/MediaBox[0 0 ${num(page.width)} ${num(page.height)}]` +
      `/Resources<</Font<<${page.fontResources}${fontResources}>>${page.otherResources}>>` +
      `/Contents[${page.contents} ${content} 0 R]/StructParents 0/Tabs/S/Annots[${link} 0 R]>>`,
    pageNumber,
  )
  addObject(pdf, `<</Type/Pages/Count 1/Kids[${pageNumber} 0 R]>>`, pages)
  const catalog = addObject(
    pdf,
    `<</Type/Catalog/Pages ${pages} 0 R/Lang(${page.language})/MarkInfo<</Marked true>>/StructTreeRoot ${root} 0 R` +
      `/ViewerPreferences<</DisplayDocTitle true>>${attached}>>`,
  )
  const info = addObject(pdf, `<</Title${textString(input.title)}/Producer(Vellum)>>`)
  return finishPdf(pdf, catalog, info, fileIdentifier(input))
}
