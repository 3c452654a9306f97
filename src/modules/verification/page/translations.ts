import type { Language } from '#platform/page/language.ts'
import { arabic } from './words-ar.ts'
import { english } from './words-en.ts'
import type { Words } from './words.ts'

export const words: Readonly<Record<Language, Words>> = { en: english, ar: arabic }
