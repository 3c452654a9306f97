import { html, type Html } from './html.ts'
import type { Language } from '#platform/page/language.ts'

/** A day, in the language of the words beside it. */
export const time = (at: Date, language: Language): Html =>
  html`<time datetime="${at.toISOString()}">${new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(at)}</time>`

export const month = (at: Date, language: Language): string =>
  new Intl.DateTimeFormat(language, { year: 'numeric', month: 'long', timeZone: 'UTC' }).format(at)

export const number = (value: number, language: Language): string => new Intl.NumberFormat(language).format(value)
