/**
 * What a credential may say about a person, whichever door it came through: the API or a row of a file.
 * Pure: text in, a normalized claim or faults out.
 */

export interface ClaimInput {
  readonly name: string
  readonly email: string
  readonly achievement: string
  readonly completedOn?: string | undefined
  readonly externalId?: string | undefined
  readonly occurrence?: string | undefined
  readonly locale?: string | undefined
}

export interface Claim {
  readonly name: string
  /** Lower case, trimmed. */
  readonly email: string
  readonly achievement: string
  /** ISO 8601 calendar date. */
  readonly completedOn: string | undefined
  readonly externalId: string | undefined
  readonly occurrence: string
  /** Canonical BCP 47 tag. */
  readonly locale: string
}

export type ClaimField = keyof ClaimInput

export type ClaimFaultCode =
  | 'required'
  | 'line-break'
  | 'control-character'
  | 'too-long'
  | 'email-invalid'
  | 'email-several'
  | 'date-invalid'
  | 'date-too-far-ahead'
  | 'locale-invalid'

/** One reason to refuse, told without repeating the value, which may name a person. */
export interface ClaimFault {
  readonly field: ClaimField
  readonly code: ClaimFaultCode
  readonly message: string
}

/** In Unicode code points. */
export const limits: Readonly<Record<ClaimField, number>> = {
  name: 200,
  email: 254,
  achievement: 200,
  completedOn: 10,
  externalId: 200,
  occurrence: 64,
  locale: 35,
}

const fault = (field: ClaimField, code: ClaimFaultCode, message: string): ClaimFault => ({ field, code, message })

// Controls, and the bidirectional embeddings, overrides and isolates that could reorder what stands around a name.
const control = /[\p{Cc}\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Cs}/u
/** Words of printable ASCII, one space between them: nothing to clean, nothing to refuse. */
const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/
const lineBreak = /[\r\n\u0085\u2028\u2029]/u
const address = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/

/** Text as it will be kept: NFC, no space at the ends, single spaces inside; or why it cannot be. */
function text(field: ClaimField, value: string | undefined, required: boolean): string | ClaimFault | undefined {
  if (value !== undefined && value.length <= limits[field] && plain.test(value)) return value
  const clean = (value ?? '').normalize('NFC').trim()
  if (clean === '') return required ? fault(field, 'required', `Fill in ${field}: it is empty.`) : undefined
  if (lineBreak.test(clean)) return fault(field, 'line-break', `Take the line break out of ${field}.`)
  if (control.test(clean)) return fault(field, 'control-character', `Take the control character out of ${field}.`)
  if ([...clean].length > limits[field])
    return fault(field, 'too-long', `Shorten ${field} to at most ${limits[field]} characters.`)
  return clean.replace(/\s+/gu, ' ')
}

/** A day that exists, as YYYY-MM-DD; at most a year ahead of `today`. Decided once: design, "completed_on". */
function day(value: string, today: Date): ClaimFault | undefined {
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined
  if (!parsed || Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== value)
    return fault('completedOn', 'date-invalid', 'Write the date as YYYY-MM-DD, a day that exists.')
  const limit = new Date(today)
  limit.setUTCFullYear(limit.getUTCFullYear() + 1)
  return parsed > limit
    ? fault('completedOn', 'date-too-far-ahead', 'Give a date that is at most a year ahead.')
    : undefined
}

function emailFault(email: string): ClaimFault | undefined {
  if (/[;,]/.test(email) || (email.match(/@/g) ?? []).length > 1)
    return fault('email', 'email-several', 'Give one e-mail address: a credential has one recipient.')
  const local = email.slice(0, email.lastIndexOf('@'))
  const wrongDots = local.startsWith('.') || local.endsWith('.') || local.includes('..')
  return !address.test(email) || local.length > 64 || wrongDots
    ? fault('email', 'email-invalid', 'Give an e-mail address of the form name@example.org.')
    : undefined
}

function canonicalLocale(value: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(value.replace(/_/g, '-'))[0]
  } catch {
    return undefined
  }
}

/** Checks every field; all faults are reported, in the order of the fields. */
export function checkClaim(
  input: ClaimInput,
  options: { today: Date; defaultLocale: string },
): { claim: Claim } | { faults: readonly ClaimFault[] } {
  const faults: ClaimFault[] = []
  const take = (field: ClaimField, required = false): string | undefined => {
    const result = text(field, input[field], required)
    if (typeof result !== 'object') return result
    faults.push(result)
    return undefined
  }
  const name = take('name', true)
  const email = take('email', true)?.toLowerCase()
  if (email !== undefined) {
    const wrong = emailFault(email)
    if (wrong) faults.push(wrong)
  }
  const achievement = take('achievement', true)
  const completedOn = take('completedOn')
  if (completedOn !== undefined) {
    const wrong = day(completedOn, options.today)
    if (wrong) faults.push(wrong)
  }
  const externalId = take('externalId')
  const occurrence = take('occurrence') ?? ''
  const language = take('locale') ?? options.defaultLocale
  const locale = canonicalLocale(language)
  if (locale === undefined) faults.push(fault('locale', 'locale-invalid', 'Give the language as a BCP 47 tag, such as en or pt-BR.'))
  if (faults.length > 0 || name === undefined || email === undefined || achievement === undefined || locale === undefined)
    return { faults }
  return { claim: { name, email, achievement, completedOn, externalId, occurrence, locale } }
}
