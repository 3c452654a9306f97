/** Licences under which a package may ship with Vellum: permissive ones, and the fonts' own. */
const accepted = new Set([
  '0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BSL-1.0', 'CC-BY-4.0', 'CC0-1.0', 'ISC', 'MIT',
  'MIT-0', 'OFL-1.1', 'Python-2.0', 'Unlicense', 'WTFPL', 'Zlib',
])

/**
 * May a package with this SPDX expression ship? Of alternatives (OR) one is enough, of several at once (AND) all are
 * needed. What is not an expression of known licences may not.
 */
export function mayShip(expression: string): boolean {
  const text = expression.trim()
  const inner = /^\(([^()]*)\)$/.exec(text)
  if (inner?.[1] !== undefined) return mayShip(inner[1])
  if (/[()]/.test(text)) return false
  if (/\sOR\s/.test(text)) return text.split(/\sOR\s/).some(mayShip)
  if (/\sAND\s/.test(text)) return text.split(/\sAND\s/).every(mayShip)
  return accepted.has(text)
}
