import type { EmbeddedFonts } from './embedded-fonts.ts'
import { num } from './pdf-writer.ts'
import { placeText } from './place.ts'
import type { PreparedPage } from './prepare.ts'
import type { TextBox } from './text-box.ts'
import { lineOperators } from './text-operators.ts'

const WORDS: Record<string, string> = { en: 'SPECIMEN', ar: 'نموذج' }

/** The word across the page that says that this is no certificate: outlines, so that all of the page can be read. */
export async function specimenOperators(page: PreparedPage, fonts: EmbeddedFonts): Promise<string> {
  const length = Math.hypot(page.width, page.height) * 0.7
  const size = length / 5
  const box: TextBox = {
    name: 'specimen', fixed: true, font: 'NotoSans-Bold', size, wrapBelow: 1, lineHeight: 1, letterSpacing: 0,
    x: -length / 2, y: -size / 2, width: length, height: size,
    align: 'center', vertical: 'middle', color: [0.72, 0.16, 0.16], role: 'P',
  }
  const placed = await placeText(WORDS[page.language] ?? WORDS.en!, box, page.language)
  const angle = Math.atan2(page.height, page.width)
  const [cos, sin] = [num(Math.cos(angle)), num(Math.sin(angle))]
  const matrix = `${cos} ${sin} ${num(-Math.sin(angle))} ${cos} ${num(page.width / 2)} ${num(page.height / 2)} cm`
  const lines = placed.lines.map((line, index) => lineOperators(line, placed, index, fonts)).join('')
  return `/Artifact BMC\nq ${matrix} ${box.color.map(num).join(' ')} RG 1 Tr 0.8 w\n${lines}Q\nEMC\n`
}
