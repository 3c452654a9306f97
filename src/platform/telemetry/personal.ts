const names = new Set(['name', 'names', 'address', 'phone', 'recipient', 'recipients', 'subject', 'cookie', 'params'])

/** Fields that end in `name` and name no person. */
const things = /^(host|file|path|table|column|kind|event|operation|module|service|class|display_?kind)_?name$/i

const secretOrPerson =
  /authorization|password|passphrase|secret|(access|refresh)_?token|set-cookie|(api|private|master)_?key|e_?mail|name$/i

/**
 * True for a field whose value tells who somebody is, or opens something: such a value is never logged nor exported.
 */
export function isPersonal(field: string): boolean {
  const last = field.slice(field.lastIndexOf('.') + 1)
  if (names.has(last.toLowerCase())) return true
  return secretOrPerson.test(last) && !things.test(last)
}

const address = /[^\s@"'<>(),;:]{1,64}@[^\s@"'<>(),;:]{1,255}/g
const secret = /\b(vellum|vls)_[1-9A-HJ-NP-Za-km-z]{40,}/g
const bearer = /\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]+/g

/** Free text without what looks like an e-mail address or a token, and without a database driver's parameters. */
export function withoutPersonal(text: string): string {
  const parameters = text.indexOf('\nparams:')
  const kept = parameters < 0 ? text : text.slice(0, parameters)
  return kept.replace(bearer, '$1 [redacted]').replace(secret, '$1_[redacted]').replace(address, '[address]')
}
