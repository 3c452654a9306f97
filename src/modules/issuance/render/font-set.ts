import { type Font, covers } from './font.ts'
import { type FontName, fontNames, isHeavy, loadFont } from './fonts.ts'
import { type Script, extensionsOf, isEastAsian, scriptOf } from './script.ts'

/**
 * The fonts that set one text in one face: the face's own font, and for every character that it lacks the font of the
 * character's script. Everything in it is loaded, so that shaping is synchronous.
 */
export type FontSet = {
  primary: Font
  choices: Map<number, Font>
}

const COMPANIONS: Partial<Record<Script, string>> = {
  Latn: 'NotoSans',
  Grek: 'NotoSans',
  Cyrl: 'NotoSans',
  Arab: 'NotoNaskhArabic',
  Hebr: 'NotoSansHebrew',
  Deva: 'NotoSansDevanagari',
  Thai: 'NotoSansThai',
  Armn: 'NotoSansArmenian',
  Geor: 'NotoSansGeorgian',
}

type EastAsian = 'NotoSansSC-Regular' | 'NotoSansJP-Regular' | 'NotoSansKR-Regular'

/** One shape of a Han character differs by language: the recipient's language is asked first, then the text. */
function eastAsianOrder(locale: string, text: string): EastAsian[] {
  const language = locale.split('-')[0]
  const chinese = 'NotoSansSC-Regular'
  const japanese = 'NotoSansJP-Regular'
  const korean = 'NotoSansKR-Regular'
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return [japanese, chinese, korean]
  if (/\p{Script=Hangul}/u.test(text)) return [korean, japanese, chinese]
  if (language === 'ja') return [japanese, chinese, korean]
  if (language === 'ko') return [korean, chinese, japanese]
  return [chinese, japanese, korean]
}

async function coversAll(name: FontName, codePoints: number[]): Promise<boolean> {
  const font = await loadFont(name)
  return codePoints.every((codePoint) => covers(font, codePoint))
}

/** The first of the fonts that has the whole text, so that one word is not set in two; else the first. */
async function eastAsianFonts(locale: string, text: string): Promise<EastAsian[]> {
  const order = eastAsianOrder(locale, text)
  const codePoints = [...text].map((character) => character.codePointAt(0)!).filter((c) => isEastAsian(scriptOf(c)))
  if (codePoints.length === 0) return order
  for (const name of order) {
    if (await coversAll(name, codePoints)) return [name, ...order.filter((other) => other !== name)]
  }
  return order
}

function companion(face: FontName, script: Script): FontName | undefined {
  const family = COMPANIONS[script]
  if (!family) return undefined
  const name = `${family}-${isHeavy(face) ? 'Bold' : 'Regular'}` as FontName
  return fontNames.includes(name) ? name : undefined
}

function candidates(face: FontName, codePoint: number, eastAsian: readonly EastAsian[]): FontName[] {
  const script = scriptOf(codePoint)
  const own = isEastAsian(script) ? eastAsian : [companion(face, script)]
  const related = script === 'Zyyy' ? extensionsOf(codePoint).map((other) => companion(face, other)) : []
  // Symbols and signs: the East Asian fonts have the most of them.
  const last = isEastAsian(script) ? [] : [companion(face, 'Latn'), eastAsian[0]]
  return [...own, ...related, ...last].filter((name) => name !== undefined)
}

const sets = new Map<string, FontSet>()

/**
 * The fonts for a text, loaded. Sets are shared by all texts of one face and one East Asian preference, so the second
 * text of a script costs a look-up per character. A character that no font has keeps the face's own font, and with
 * it the font's sign for a missing glyph.
 */
export async function fontSetFor(face: FontName, locale: string, text: string): Promise<FontSet> {
  const eastAsian = await eastAsianFonts(locale, text)
  const key = `${face} ${eastAsian[0]}`
  let set = sets.get(key)
  if (!set) {
    set = { primary: await loadFont(face), choices: new Map() }
    sets.set(key, set)
  }
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    if (set.choices.has(codePoint)) continue
    set.choices.set(codePoint, await choose(set.primary, face, codePoint, eastAsian))
  }
  return set
}

async function choose(primary: Font, face: FontName, codePoint: number, eastAsian: readonly EastAsian[]) {
  if (covers(primary, codePoint)) return primary
  for (const name of candidates(face, codePoint, eastAsian)) {
    const font = await loadFont(name)
    if (covers(font, codePoint)) return font
  }
  return primary
}

/** The font of a character; a character of no script stays in the font of its neighbours if that has it. */
export function fontOf(set: FontSet, codePoint: number, script: Script, neighbour: Font | undefined): Font {
  if (script === 'Zyyy' && neighbour && covers(neighbour, codePoint)) return neighbour
  return set.choices.get(codePoint) ?? set.primary
}
