/** Markup that is safe to send: made by {@link html} alone. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = Html | string | number | null | undefined | false | readonly Value[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Inert in text and in quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign]!)

/** A template whose values are escaped, unless they are markup themselves; absent values and `false` leave nothing. */
export const html = (parts: TemplateStringsArray, ...values: Value[]): Html =>
  new Html(parts.reduce((text, part, i) => text + part + (i < values.length ? render(values[i]) : ''), ''))

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(render).join('')
  return escapeHtml(String(value))
}

/** Without the marks that embed, override or isolate a direction: with them a name could spell another. UAX #9, section 2. */
export const withoutMarks = (text: string): string => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '')

/** What a person or an issuer typed: escaped, and its direction kept to itself. */
export const typed = (text: string): Html => html`<bdi dir="auto">${withoutMarks(text)}</bdi>`
