import type { Design, Words } from './designs/design.ts'
import { startFonts, writeFonts } from './embedded-fonts.ts'
import { writeImages } from './embedded-images.ts'
import { keptDrawing } from './kept-drawings.ts'
import { addStream, type PdfWriter, reserve, startPdf } from './pdf-writer.ts'
import { placeText } from './place.ts'
import { pageSize, qrBox, type SquareBox, type TextBox, textBoxes } from './text-box.ts'
import { textOperators } from './text-operators.ts'

/**
 * All that the documents of one design in one language have in common, written once: the drawing and the fixed words
 * with their fonts. A document is this prefix with its own objects behind it.
 */
export type PreparedPage = {
  design: Design
  language: string
  words: Words
  width: number
  height: number
  boxes: TextBox[]
  qr: SquareBox
  prefix: { bytes: Buffer; offsets: ReadonlyMap<number, number>; next: number }
  /** References to the content streams of the prefix. */
  contents: string
  fontResources: string
  otherResources: string
  /** Fonts in the prefix; those of a document are numbered on. */
  fontCount: number
  /** Marked-content number of each fixed word, by its name. */
  marks: ReadonlyMap<string, number>
}

/** The language of the fixed words: the recipient's where the design speaks it, else English. */
export function wordsLanguage(design: Design, locale: string): string {
  const language = locale.split('-')[0]!.toLowerCase()
  return Object.hasOwn(design.words, language) ? language : 'en'
}

/** The fixed word that a text schema stands for; its name is `words.` and the word's name. */
function fixedWord(box: TextBox, words: Words): string {
  if (box.content !== undefined) return box.content
  const word = words[box.name.replace(/^words\./, '') as keyof Words]
  if (!word) throw new Error(`The design has no word for ${box.name}`)
  return word
}

/** The design as words of a language want it laid out. */
function laidOut(design: Design, language: string): Design {
  return RIGHT_TO_LEFT.has(language) && design.rightToLeft ? { ...design, template: design.rightToLeft } : design
}

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur'])

/** Draws a design's constant part in one of its languages: about 80 ms, so keep it. */
export async function preparePage(given: Design, language: string): Promise<PreparedPage> {
  const design = laidOut(given, language)
  const words = design.words[language]
  if (!words) throw new Error(`Design ${design.id} has no words in ${language}`)
  const boxes = textBoxes(design)
  const drawing = keptDrawing(design) ?? (await (await import('./static-page.ts')).drawStaticPage(design))
  const pdf: PdfWriter = startPdf()
  const fonts = startFonts('W')
  const marks = new Map<string, number>()
  let operators = `/Artifact BMC\nq\n${drawing.content}\nQ\nEMC\n`
  for (const box of boxes.filter(({ fixed }) => fixed)) {
    const placed = await placeText(fixedWord(box, words), box, language)
    operators += textOperators(placed, box.role, marks.size, fonts)
    marks.set(box.name, marks.size)
  }
  const content = addStream(pdf, '', Buffer.from(operators, 'latin1'))
  const fontResources = writeFonts(pdf, fonts, 0)
  const imageResources = await writeImages(pdf, design, drawing.images)
  return {
    design,
    language,
    words,
    ...pageSize(design),
    boxes,
    qr: qrBox(design),
    prefix: { bytes: Buffer.concat(pdf.parts), offsets: pdf.offsets, next: reserve(pdf) },
    contents: `${content} 0 R`,
    fontResources,
    otherResources: drawing.resources + imageResources,
    fontCount: fonts.byFont.size,
    marks,
  }
}
