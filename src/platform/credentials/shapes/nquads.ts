// The parts of N-Quads in canonical form (RDFC-1.0, section 5) that a compiled shape writes itself.

const NEEDS_ESCAPE = /[\u0000-\u001f\u007f"\\]/
const ALL_THAT_NEED_ESCAPE = /[\u0000-\u001f\u007f"\\]/g

const named: Record<string, string> = {
  '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '"': '\\"', '\\': '\\\\',
}

/** The text between the quotes of a literal. */
export function escapeLiteral(text: string): string {
  return NEEDS_ESCAPE.test(text) ? text.replace(ALL_THAT_NEED_ESCAPE, escapeCharacter) : text
}

function escapeCharacter(character: string): string {
  return named[character] ?? '\\u' + character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
}

// Narrower than the standard: nothing that JSON-LD would expand and nothing that N-Quads would escape.
const PLAIN_IRI = new RegExp([
  "^(?:(https?):\\/\\/[A-Za-z0-9._~:/?#@!$&'()*+,;=%\\[\\]-]+",
  '(urn):uuid:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}',
  '(did):[a-z0-9]+:[A-Za-z0-9._:%#/?=&-]+',
  '(mailto):[A-Za-z0-9._+@%-]+)$',
].join('|'))

/**
 * The scheme of an absolute IRI that stands for itself in JSON-LD and in N-Quads; undefined for every other text, which
 * may still be a good IRI, but not one to take a short cut with.
 */
export function plainIriScheme(text: string): string | undefined {
  const match = PLAIN_IRI.exec(text)
  return match === null ? undefined : match[1] ?? match[2] ?? match[3] ?? match[4]
}
