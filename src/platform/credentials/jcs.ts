import serialize from 'canonicalize'
import { InvalidDocumentError } from './canonicalize.ts'
import type { JsonValue } from './json.ts'

/**
 * JSON Canonicalization Scheme, RFC 8785.
 *
 * @throws InvalidDocumentError for a value that JSON cannot carry, such as a lone surrogate.
 */
export function canonicalizeJson(value: JsonValue): string {
  try {
    const text = serialize(value)
    if (text === undefined) throw new TypeError('no JSON value')
    return text
  } catch (error) {
    throw new InvalidDocumentError((error as Error).message, error)
  }
}
