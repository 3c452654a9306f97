import { existsSync, writeFileSync } from 'node:fs'
import pg from 'pg'

/**
 * Loaded before a server that a test starts: while the file `WITHOUT_FILTERS` exists, no statement that runs in the context of
 * an organization compares `organization_id` any more, as if every store function had forgotten its filter. What was changed is
 * counted into that file's neighbour `….count`.
 */
const flag = process.env['WITHOUT_FILTERS']!
let removed = 0

/** Of a connection, and of the transaction on it. */
const sessions = new WeakMap<object, string>()
const transactions = new WeakMap<object, string>()
const query = pg.Client.prototype.query as (...args: any[]) => any

pg.Client.prototype.query = function (this: object, config: any, ...rest: any[]) {
  const text: string | undefined = typeof config === 'string' ? config : config?.text
  const told = text === undefined ? undefined : /set_config\('vellum\.organization', (?:'([^']*)'|\$1), (true|false)/.exec(text)
  if (told) (told[2] === 'true' ? transactions : sessions).set(this, told[1] ?? rest[0]?.[0])
  if (text === 'commit' || text === 'rollback') transactions.delete(this)
  const organization = transactions.get(this) ?? sessions.get(this) ?? '*'
  if (text === undefined || !/^\s*(select|update|delete|with)\b/i.test(text) || organization === '*' || !existsSync(flag))
    return query.call(this, config, ...rest)
  // The parameter stays, or the numbers of the others would be wrong.
  const without = text.replace(/(?:"?\w+"?\.)*"?organization_id"? = (\$\d+)/g, '($1::text is not null)')
  if (without === text) return query.call(this, config, ...rest)
  writeFileSync(`${flag}.count`, String(++removed))
  // A connection may have it prepared as it was.
  const changed = typeof config === 'string' ? without : { ...config, text: without, ...(config.name && { name: `${config.name}_without` }) }
  return query.call(this, changed, ...rest)
} as never
