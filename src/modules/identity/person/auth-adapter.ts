import { createAdapterFactory, type CleanedWhere, type CustomAdapter } from 'better-auth/adapters'
import { and, asc, type Column, desc, eq, gt, gte, inArray, isNull, lt, lte, ne, type SQL } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import type { SecurityChange } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { SecurityMails } from '../mail/security-mails.ts'
import type { Sessions } from '../session/sessions.ts'
import type { IdentityTables } from '../tables.ts'
import { type AuthModel, authModels, securityChangeOf } from './auth-models.ts'
import { lookupDigest, openRecord, personKey, sealRecord } from './sealed-record.ts'

type Fields = Record<string, unknown>
type Tx = Transaction<IdentityTables>
type Change = { readonly update: Fields; readonly means?: SecurityChange | undefined }

/**
 * better-auth's storage in this module's own database: every write is a transaction of ours with its audit entry, and what
 * names a person is sealed (`person-tables.ts`). It finds rows by columns in clear, and by exact values of what is digested.
 */
export function createAuthAdapter({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>, sessions: Sessions, securityMails: SecurityMails) {
  const modelOf = (name: string): AuthModel => {
    const model = authModels[name]
    if (!model) throw new Error(`better-auth asks for ${name}, which is not kept here.`)
    return model
  }
  // One type for the tables of all models: their common columns.
  const tableOf = (model: AuthModel) => database.tables[model.table] as IdentityTables['persons']

  function columnsOf(name: string, record: Fields): Fields {
    const { clear, looked } = modelOf(name)
    const columns: Fields = {}
    for (const field of clear) if (field in record) columns[field] = record[field]
    for (const field of looked) if (field in record) columns[`${field}Digest`] = lookupDigest(keys, `${name}.${field}`, String(record[field]))
    return columns
  }

  function sealedPart(name: string, id: string, record: Fields): Uint8Array {
    const model = modelOf(name)
    const rest = Object.entries(record).filter(([field, value]) => !model.clear.includes(field) && value !== undefined && value !== null)
    return sealRecord(keys, model.name, id, Object.fromEntries(rest))
  }

  function recordOf(name: string, row: { id: string; sealed: Uint8Array }): Fields {
    const { clear, name: table } = modelOf(name)
    const record: Fields = openRecord(keys, table, row.id, row.sealed)
    for (const field of clear) record[field] = (row as Fields)[field]
    return record
  }

  function condition(name: string, where: readonly CleanedWhere[] = []): SQL | undefined {
    const model = modelOf(name)
    const columns = tableOf(model) as unknown as Record<string, Column>
    return and(...where.map(({ field, value, operator, connector }) => {
      if (connector === 'OR' && where.length > 1) throw new Error('better-auth asks for either of two conditions, which is not kept here.')
      const isLooked = model.looked.includes(field)
      if (!isLooked && !model.clear.includes(field)) throw new Error(`better-auth looks for ${name} by ${field}, which is sealed.`)
      const column = columns[isLooked ? `${field}Digest` : field]!
      const sought = (one: unknown) => (isLooked ? lookupDigest(keys, `${name}.${field}`, String(one)) : one)
      if (operator === 'in') return inArray(column, (value as unknown[]).map(sought))
      if (operator === 'eq') return value === null ? isNull(column) : eq(column, sought(value))
      if (isLooked) throw new Error(`better-auth compares ${name}.${field}, which is sealed.`)
      const compare = { ne, gt, gte, lt, lte }[operator as 'ne']
      if (!compare) throw new Error(`better-auth asks for ${operator}, which is not kept here.`)
      return compare(column, value)
    }))
  }

  const rowsOf = (queries: Pick<Tx, 'select'>, name: string, where?: readonly CleanedWhere[]) =>
    queries.select().from(tableOf(modelOf(name))).where(condition(name, where))

  async function changeRows(tx: Tx, name: string, where: readonly CleanedWhere[], change: (record: Fields) => Change): Promise<Fields[]> {
    const table = tableOf(modelOf(name))
    const changed: Fields[] = []
    // A change may depend on what a sealed field holds: compared in the transaction, once it is open.
    const { clear, looked } = modelOf(name)
    const compared = where.filter(({ field, operator }) => operator === 'eq' && !clear.includes(field) && !looked.includes(field))
    const found = where.filter((one) => !compared.includes(one))
    if (found.length === 0) throw new Error(`better-auth changes ${name} by what is sealed alone.`)
    for (const row of await rowsOf(tx, name, found)) {
      const before = recordOf(name, row)
      if (compared.some(({ field, value }) => before[field] !== value)) continue
      const { update, means } = change(before)
      const record: Fields = { ...before, ...update }
      await tx.update(table).set({ ...columnsOf(name, update), sealed: sealedPart(name, row.id, record) }).where(eq(table.id, row.id))
      if (means) {
        const person = String(name === 'user' ? row.id : record.userId)
        await tx.audit({ organizationId: personKey, action: `person.${means}`, target: person })
        await securityMails.write(tx, person, means)
      }
      changed.push(record)
    }
    return changed
  }

  async function deleteRows(tx: Tx, name: string, where: readonly CleanedWhere[]): Promise<Fields[]> {
    const table = tableOf(modelOf(name))
    const rows = await rowsOf(tx, name, where)
    if (name === 'session') await sessions.end(tx, rows as unknown as IdentityTables['personSessions']['$inferSelect'][])
    else if (rows.length > 0) await tx.delete(table).where(inArray(table.id, rows.map(({ id }) => id)))
    return rows.map((row) => recordOf(name, row))
  }

  const withKey = async <R>(work: () => Promise<R>): Promise<R> => {
    await keys.load([personKey])
    return work()
  }
  const told = (model: string, update: Fields) => (before: Fields): Change => ({ update, means: securityChangeOf(model, before, update) })
  const writing = <R>(work: (tx: Tx) => Promise<R>): Promise<R> => withKey(() => database.transaction(work))

  const adapter: CustomAdapter = {
    create: ({ model, data }) =>
      writing(async (tx) => {
        const table = tableOf(modelOf(model))
        const row = { ...columnsOf(model, data), id: data.id as string, sealed: sealedPart(model, data.id, data) }
        await forgetExpired(tx, model)
        await tx.insert(table).values((model === 'session' ? { ...row, grantId: uuidv7() } : row) as never)
        if (model === 'session') await tx.audit({ organizationId: personKey, action: 'session.started', target: data.id, details: { person: data.userId } })
        return data
      }),
    findOne: ({ model, where }) =>
      withKey(async () => {
        const [row] = await rowsOf(database.read, model, where).limit(1)
        return (row ? recordOf(model, row) : null) as never
      }),
    findMany: ({ model, where, limit, offset = 0, sortBy }) =>
      withKey(async () => {
        const column = sortBy && (tableOf(modelOf(model)) as unknown as Record<string, Column>)[sortBy.field]
        const query = rowsOf(database.read, model, where).$dynamic()
        if (column) query.orderBy(sortBy.direction === 'desc' ? desc(column) : asc(column))
        const rows = await query.limit(limit).offset(offset)
        return rows.map((row) => recordOf(model, row)) as never
      }),
    count: ({ model, where }) => database.read.$count(tableOf(modelOf(model)), condition(model, where)),
    update: ({ model, where, update }) => writing(async (tx) => ((await changeRows(tx, model, where, told(model, update as Fields)))[0] ?? null) as never),
    updateMany: ({ model, where, update }) => writing(async (tx) => (await changeRows(tx, model, where, told(model, update))).length),
    delete: ({ model, where }) => writing(async (tx) => void (await deleteRows(tx, model, where))),
    deleteMany: ({ model, where }) => writing(async (tx) => (await deleteRows(tx, model, where)).length),
    consumeOne: ({ model, where }) => writing(async (tx) => ((await deleteRows(tx, model, where))[0] ?? null) as never),
    incrementOne: ({ model, where, increment, set = {} }) =>
      writing(async (tx) => {
        const added = (record: Fields) =>
          Object.fromEntries(Object.entries(increment).map(([field, by]) => [field, Number(record[field] ?? 0) + by]))
        return ((await changeRows(tx, model, where, (record) => ({ update: { ...set, ...added(record) } })))[0] ?? null) as never
      }),
  }

  async function forgetExpired(tx: Tx, model: string): Promise<void> {
    if (model === 'session') return sessions.forgetExpired(tx)
    const { personVerifications } = database.tables
    if (model === 'verification') await tx.delete(personVerifications).where(lt(personVerifications.expiresAt, now()))
  }

  return createAdapterFactory({
    config: { adapterId: 'vellum', adapterName: 'Vellum', supportsJSON: false, supportsDates: true, supportsBooleans: true, transaction: false },
    adapter: () => adapter,
  })
}
