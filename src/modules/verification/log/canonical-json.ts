/**
 * JSON Canonicalization Scheme, RFC 8785: one text for one JSON value, however a wallet indented it or ordered its
 * members. Numbers and strings are written as ECMAScript's JSON.stringify does (section 3.2.2), members sorted by
 * UTF-16 code units (3.2.3). Throws TypeError for what JSON cannot say: undefined, functions, non-finite numbers, lone
 * surrogates (section 3.2.2.2).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`JSON has no number ${value}`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && isPlain(value)) {
    // The default order of sort() is by UTF-16 code units, which is the order that RFC 8785 asks for.
    const members = Object.keys(value).sort()
    const record = value as Record<string, unknown>
    return `{${members.map((key) => `${quoted(key)}:${canonicalJson(record[key])}`).join(',')}}`
  }
  throw new TypeError(`Not a JSON value: ${typeof value}`)
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('A JSON string must not contain lone surrogates')
  return JSON.stringify(text)
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
