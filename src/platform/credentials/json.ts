/** A JSON value, as it comes out of `JSON.parse`. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

/** A JSON object: a credential, a proof, a DID document. */
export type JsonObject = { [key: string]: JsonValue }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON-LD lets one value stand for a list of one; an absent value is an empty list. */
export function asList(value: JsonValue | undefined): JsonValue[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}
