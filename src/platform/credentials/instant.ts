/** XML Schema `dateTimeStamp`: date, time and time zone, as VC Data Model 2.0 section 4.9 asks for. */
const DATE_TIME_STAMP = /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** `2026-11-23T10:15:00Z`: whole seconds, as signatures carry them. */
export function formatInstant(date: Date): string {
  return date.toISOString().slice(0, 19) + 'Z'
}

/** The instant in milliseconds since 1970, or undefined where the text is no `dateTimeStamp`. */
export function parseInstant(text: unknown): number | undefined {
  if (typeof text !== 'string' || !DATE_TIME_STAMP.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}
