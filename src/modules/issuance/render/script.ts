/** ISO 15924 codes of the scripts that choose a font; Zyyy belongs to none (digits, punctuation, marks). */
export type Script =
  | 'Latn' | 'Grek' | 'Cyrl' | 'Arab' | 'Hebr' | 'Deva' | 'Thai' | 'Armn' | 'Geor' | 'Hani' | 'Kana' | 'Hang'
  | 'Other' | 'Zyyy'

const PATTERNS: [Script, RegExp][] = [
  ['Latn', /\p{Script=Latin}/u],
  ['Zyyy', /[\p{Script=Common}\p{Script=Inherited}]/u],
  ['Cyrl', /\p{Script=Cyrillic}/u],
  ['Grek', /\p{Script=Greek}/u],
  ['Arab', /\p{Script=Arabic}/u],
  ['Hani', /[\p{Script=Han}\p{Script=Bopomofo}]/u],
  ['Kana', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['Hang', /\p{Script=Hangul}/u],
  ['Deva', /\p{Script=Devanagari}/u],
  ['Hebr', /\p{Script=Hebrew}/u],
  ['Thai', /\p{Script=Thai}/u],
  ['Armn', /\p{Script=Armenian}/u],
  ['Geor', /\p{Script=Georgian}/u],
]

/** Scripts that also use a common character, e.g. Arabic for the Arabic comma (Unicode Script_Extensions). */
const EXTENSIONS: [Script, RegExp][] = [
  ['Arab', /\p{Script_Extensions=Arabic}|[\u0660-\u0669\u06f0-\u06f9]/u],
  ['Deva', /\p{Script_Extensions=Devanagari}/u],
  ['Geor', /\p{Script_Extensions=Georgian}/u],
  ['Hani', /[\p{Script_Extensions=Han}\p{Script_Extensions=Katakana}\uff00-\uffef]/u],
]

const known = new Map<number, Script>()

/** The script of a code point. */
export function scriptOf(codePoint: number): Script {
  let script = known.get(codePoint)
  if (!script) {
    const character = String.fromCodePoint(codePoint)
    script = PATTERNS.find(([, pattern]) => pattern.test(character))?.[0] ?? 'Other'
    known.set(codePoint, script)
  }
  return script
}

/** The scripts that a character of no script is at home in; empty for most. */
export function extensionsOf(codePoint: number): Script[] {
  const character = String.fromCodePoint(codePoint)
  return EXTENSIONS.filter(([, pattern]) => pattern.test(character)).map(([script]) => script)
}

/** Whether letters of the script stand alone, so that they may be set apart. */
export function bearsLetterSpacing(script: Script): boolean {
  return script === 'Latn' || script === 'Grek' || script === 'Cyrl' || script === 'Zyyy'
}

export function isEastAsian(script: Script): boolean {
  return script === 'Hani' || script === 'Kana' || script === 'Hang'
}
