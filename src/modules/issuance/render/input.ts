import type { DesignSource } from './designs/design.ts'

/** What a certificate says. Dates are ISO 8601; a date without time is that calendar day everywhere. */
export type CertificateValues = {
  recipientName: string
  achievementName: string
  issuerName: string
  /** When the achievement was completed, if that is known. */
  completedOn?: string
  issuedOn: string
  /** The sentence between the recipient and the achievement; without it the design's own. */
  statement?: string
}

export type RenderInput = {
  /** Id of a built-in design, or where another comes from. */
  design: string | DesignSource
  /** A published version of the design; without it the current one. */
  designVersion?: number
  values: CertificateValues
  /** BCP 47 tag: the language of dates, of the fixed words where the design has it, and of shared Han characters. */
  locale: string
  /** Address that the QR code and the small print carry: http or https. */
  verifyUrl: string
  /** The signed credential, attached byte for byte as `credential.json`; a specimen has none. */
  credentialJson?: string
  /** Identifies the document; the file identifier comes from it. */
  documentId: string
  /** Title in the document's properties. */
  title: string
  /** Prints that this is a test credential. */
  test?: boolean
  /** Prints across the page that this is a specimen. */
  specimen?: boolean
}

/** The input cannot be rendered, and trying again will not help. */
export class RenderInputError extends Error {
  override name = 'RenderInputError'
}

const LONGEST_TEXT = 2_000
const LONGEST_URL = 1_000

/** Control characters, and the marks that would turn the order of the line: they mean nothing on paper. */
const INVISIBLE = /[\p{Cc}\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/gu
const UNPAIRED_SURROGATES = /\p{Surrogate}/gu

/** A text as it is printed: NFC, without control characters, white space as single spaces. */
export function printable(text: string): string {
  return text
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(INVISIBLE, '')
    .replace(UNPAIRED_SURROGATES, '\ufffd')
    .normalize('NFC')
    .trim()
}

function printableField(values: CertificateValues, field: keyof CertificateValues): string {
  const value = values[field]
  if (typeof value !== 'string') throw new RenderInputError(`${field} is missing`)
  if (value.length > LONGEST_TEXT) throw new RenderInputError(`${field} is longer than ${LONGEST_TEXT} characters`)
  const text = printable(value)
  if (text === '') throw new RenderInputError(`${field} is empty`)
  return text
}

function checkedUrl(text: string): string {
  const url = URL.parse(text)
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.href.length > LONGEST_URL) {
    throw new RenderInputError(`verifyUrl must be an http or https address of at most ${LONGEST_URL} characters`)
  }
  return url.href
}

/** The locale in canonical form; one that does not parse counts as English. */
export function canonicalLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0] ?? 'en'
  } catch {
    return 'en'
  }
}

const dateFormats = new Map<string, Intl.DateTimeFormat>()
const MOST_FORMATS = 500

/** Making a format costs a hundred times what using it does. */
function dateFormat(locale: string): Intl.DateTimeFormat {
  let format = dateFormats.get(locale)
  if (!format) {
    if (dateFormats.size >= MOST_FORMATS) dateFormats.clear()
    format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
    dateFormats.set(locale, format)
  }
  return format
}

/** Prints a date in the way of a locale (CLDR), the calendar day of UTC. */
export function printedDate(date: string, locale: string): string {
  const time = new Date(date)
  if (Number.isNaN(time.getTime())) throw new RenderInputError('a date is not an ISO 8601 date')
  return printable(dateFormat(locale).format(time))
}

/**
 * The input, checked and ready to print. Throws RenderInputError; messages name fields, never their contents.
 *
 * @param wordsLanguage the language of the fixed words for a locale: dates stand beside them, so they follow it.
 */
export function checkInput(input: RenderInput, wordsLanguage: (locale: string) => string) {
  const locale = canonicalLocale(input.locale)
  const language = wordsLanguage(locale)
  const dates = new Intl.Locale(locale).language === language ? locale : language
  const { values } = input
  return {
    locale,
    verifyUrl: checkedUrl(input.verifyUrl),
    recipientName: printableField(values, 'recipientName'),
    achievementName: printableField(values, 'achievementName'),
    issuerName: printableField(values, 'issuerName'),
    statement: values.statement ? printableField(values, 'statement') : undefined,
    completedOn: values.completedOn ? printedDate(values.completedOn, dates) : undefined,
    issuedOn: printedDate(values.issuedOn, dates),
  }
}

export type CheckedInput = ReturnType<typeof checkInput>
