import { and, desc, eq, gt, isNull, lt, ne, or } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { apiKeyForm, apiKeyHash } from '#platform/http/api-key.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { Scope } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { IdentityTables } from '../tables.ts'

export interface ApiKey {
  readonly id: string
  readonly organizationId: OrganizationId
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | null
  /** A day, such as 2026-11-29. */
  readonly lastUsedOn: string | null
}

export interface NewApiKey {
  readonly organizationId: OrganizationId
  readonly requestId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** In a year unless told; at most five years ahead. */
  readonly expiresAt?: Date | undefined
}

export interface ApiKeys {
  /**
   * The same key for the same request, for a day. Throws `validation-failed` for an expiry that is over or too far, and
   * `idempotency-mismatch` when the request was for another key.
   */
  create(order: NewApiKey): Promise<{ apiKey: ApiKey; secret: string }>
  /** The newest first; `before` is the last id of the page before. */
  list(organizationId: OrganizationId, page: { before?: string | undefined; limit: number }): Promise<ApiKey[]>
  find(organizationId: OrganizationId, id: string): Promise<ApiKey>
  /** Answers when it was revoked; for ever. */
  revoke(organizationId: OrganizationId, id: string): Promise<Date>
  /** The key with this hash, unless revoked or expired; notes the day of its use. */
  byHash(hash: string): Promise<ApiKey | undefined>
  revokedSince(since: Date): Promise<string[]>
}

const dayMs = 24 * 3_600_000
const defaultLifeMs = 365 * dayMs
const longestLifeMs = 5 * defaultLifeMs

export function createApiKeys({ database, keys, now, log }: Pick<IdentityContext, 'database' | 'keys' | 'now' | 'log'>): ApiKeys {
  const { apiKeys } = database.tables

  /** Made from the installation's key and the key's id, so that a repeated request can be told it again. */
  const secretOf = (id: string): string => apiKeyForm.format(Buffer.from(keys.digest(installation, 'api-key', id), 'base64url'))

  const ofOrganization = (organizationId: OrganizationId, id: string) => and(eq(apiKeys.id, id), eq(apiKeys.organizationId, organizationId))

  async function byRequest({ organizationId, requestId }: NewApiKey): Promise<Row | undefined> {
    const [row] = await database.read
      .select()
      .from(apiKeys)
      .where(and(eq(apiKeys.organizationId, organizationId), eq(apiKeys.requestId, requestId)))
    return row
  }

  async function insert(order: NewApiKey): Promise<void> {
    const { organizationId, requestId, name, scopes } = order
    const [id, createdAt] = [uuidv7(), now()]
    const expiresAt = order.expiresAt ?? new Date(createdAt.getTime() + defaultLifeMs)
    if (expiresAt <= createdAt || expiresAt.getTime() - createdAt.getTime() > longestLifeMs) {
      throw new Problem('validation-failed', 'Let the key expire within five years from now.', {
        extensions: { errors: [{ path: 'expiresAt', message: 'Must be in the future, and within five years' }] },
      })
    }
    const values = { id, organizationId, requestId, name, scopes: [...new Set(scopes)], keyHash: apiKeyHash(secretOf(id)), createdAt, expiresAt }
    await database.transaction(async (tx) => {
      const inserted = await tx.insert(apiKeys).values(values).onConflictDoNothing().returning({ id: apiKeys.id })
      if (inserted.length === 0) return
      const details = { scopes: values.scopes.join(' '), expiresAt: expiresAt.toISOString() }
      await tx.audit({ organizationId, action: 'api-key.created', target: id, details })
    })
  }

  async function noteUse({ id, lastUsedOn }: Row): Promise<void> {
    const today = now().toISOString().slice(0, 10)
    if (lastUsedOn === today) return
    await database.transaction((tx) =>
      tx.update(apiKeys).set({ lastUsedOn: today }).where(and(eq(apiKeys.id, id), or(isNull(apiKeys.lastUsedOn), ne(apiKeys.lastUsedOn, today)))))
  }

  return {
    async create(order) {
      await keys.load([installation])
      let row = await byRequest(order)
      if (!row) {
        await insert(order)
        row = (await byRequest(order))!
      }
      refuseOtherRequest(row, order)
      if (now().getTime() - row.createdAt.getTime() > dayMs) {
        throw new Problem('already-exists', 'This key was told a day ago or more; make a new one.')
      }
      return { apiKey: present(row), secret: secretOf(row.id) }
    },

    async list(organizationId, { before, limit }) {
      const page = before === undefined ? undefined : lt(apiKeys.id, before)
      const rows = await database.read
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.organizationId, organizationId), page))
        .orderBy(desc(apiKeys.id))
        .limit(limit)
      return rows.map(present)
    },

    async find(organizationId, id) {
      const [row] = await database.read.select().from(apiKeys).where(ofOrganization(organizationId, id))
      if (!row) throw notFound()
      return present(row)
    },

    async revoke(organizationId, id) {
      const at = now()
      return database.transaction(async (tx) => {
        const revoked = await tx
          .update(apiKeys)
          .set({ revokedAt: at })
          .where(and(ofOrganization(organizationId, id), isNull(apiKeys.revokedAt)))
          .returning({ id: apiKeys.id })
        if (revoked.length > 0) {
          await tx.audit({ organizationId, action: 'api-key.revoked', target: id })
          return at
        }
        const [row] = await tx.select().from(apiKeys).where(ofOrganization(organizationId, id))
        if (!row?.revokedAt) throw notFound()
        return row.revokedAt
      })
    },

    async byHash(hash) {
      const [row] = await database.read.select().from(apiKeys).where(eq(apiKeys.keyHash, hash))
      if (!row || row.revokedAt || row.expiresAt <= now()) return undefined
      // Nobody is refused because a day could not be noted.
      await noteUse(row).catch((error: unknown) => log.warn({ err: error }, 'the use of an API key was not noted'))
      return present(row)
    },

    async revokedSince(since) {
      const rows = await database.read.select({ id: apiKeys.id }).from(apiKeys).where(gt(apiKeys.revokedAt, since))
      return rows.map(({ id }) => id)
    },
  }
}

type Row = IdentityTables['apiKeys']['$inferSelect']

const present = ({ id, name, createdAt, expiresAt, revokedAt, lastUsedOn, ...row }: Row): ApiKey => ({
  id, name, createdAt, expiresAt, revokedAt, lastUsedOn,
  organizationId: row.organizationId as OrganizationId,
  scopes: row.scopes as Scope[],
})

function refuseOtherRequest(row: Row, order: NewApiKey): void {
  const asked = order.expiresAt?.getTime() ?? row.createdAt.getTime() + defaultLifeMs
  const same =
    row.name === order.name &&
    new Set<string>(row.scopes).symmetricDifference(new Set<string>(order.scopes)).size === 0 &&
    row.expiresAt.getTime() === asked
  if (!same) throw new Problem('idempotency-mismatch', 'Use a new Idempotency-Key for another API key.')
}

const notFound = () => new Problem('not-found', 'There is no API key of this id.')
