/**
 * Objects, list items and values in them. A canonical form takes time that grows faster than the document, and anyone may
 * send one; a credential has some hundred.
 */
export const MOST_PARTS = 1_000

/** How many parts a JSON value has. */
export function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  let parts = 1
  for (const part of Object.values(value)) parts += partsOf(part)
  return parts
}
