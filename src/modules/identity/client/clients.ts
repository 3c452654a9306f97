import { and, desc, eq, gt, isNull, lt } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Scope } from '../scopes.ts'
import type { IdentityTables } from '../tables.ts'
import { formatClientSecret, hashClientSecret, isClientSecret, matchesHash } from './client-secret.ts'

export interface ApiClient {
  readonly id: string
  readonly organizationId: OrganizationId
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly disabledAt: Date | null
}

export interface NewClient {
  readonly organizationId: OrganizationId
  readonly requestId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAt?: Date | undefined
}

export interface ClientWithSecret {
  readonly client: ApiClient
  readonly clientSecret: string
}

export interface ApiClients {
  /** The same client and secret for the same request, for a day. */
  create(order: NewClient): Promise<ClientWithSecret>
  /** For a transaction that makes more than the client. The installation's key must be loaded. */
  prepareNew(order: NewClient): ClientWithSecret & { write: (tx: Transaction<IdentityTables>) => Promise<void> }
  /** The newest first; `before` is the last id of the page before. */
  list(organizationId: OrganizationId, page: { before?: string | undefined; limit: number }): Promise<ApiClient[]>
  find(organizationId: OrganizationId, clientId: string): Promise<ApiClient>
  /** Answers when it was disabled; for ever. */
  disable(organizationId: OrganizationId, clientId: string): Promise<Date>
  /** The client whose secret it is, unless disabled or expired. */
  authenticate(clientId: string, secret: string): Promise<ApiClient | undefined>
  disabledSince(since: Date): Promise<string[]>
}

const repeatableMs = 24 * 3_600_000

export function createApiClients({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): ApiClients {
  const { clients } = database.tables

  /** Made from the installation's key and the client's id, so that a repeated request can be told it again. */
  const secretOf = (clientId: string): string =>
    formatClientSecret(Buffer.from(keys.digest(installation, 'client-secret', clientId), 'base64url'))

  const ofOrganization = (organizationId: OrganizationId, clientId: string) =>
    and(eq(clients.id, clientId), eq(clients.organizationId, organizationId))

  async function byRequest({ organizationId, requestId }: NewClient): Promise<ApiClient | undefined> {
    const [row] = await database.read
      .select()
      .from(clients)
      .where(and(eq(clients.organizationId, organizationId), eq(clients.requestId, requestId)))
    return row && present(row)
  }

  function prepareNew(order: NewClient) {
    const id = uuidv7()
    const clientSecret = secretOf(id)
    const { organizationId, requestId, name, scopes, expiresAt = null } = order
    const client: ApiClient = {
      id, organizationId, name, scopes: [...new Set(scopes)], createdAt: now(), expiresAt, disabledAt: null,
    }
    const values = { ...client, scopes: [...client.scopes], requestId, secretHash: hashClientSecret(clientSecret) }
    return {
      client,
      clientSecret,
      async write(tx: Transaction<IdentityTables>) {
        const inserted = await tx.insert(clients).values(values).onConflictDoNothing().returning({ id: clients.id })
        if (inserted.length === 0) return
        const details = { scopes: values.scopes.join(' ') }
        await tx.audit({ organizationId, action: 'client.created', target: id, details })
      },
    }
  }

  return {
    prepareNew,

    async create(order) {
      await keys.load([installation])
      let client = await byRequest(order)
      if (!client) {
        await database.transaction(prepareNew(order).write)
        client = (await byRequest(order))!
      }
      refuseOtherRequest(client, order)
      if (now().getTime() - client.createdAt.getTime() > repeatableMs) {
        throw new Problem('already-exists', 'The secret of this client was told a day ago or more; make a new client.')
      }
      return { client, clientSecret: secretOf(client.id) }
    },

    async list(organizationId, { before, limit }) {
      const page = before === undefined ? undefined : lt(clients.id, before)
      const rows = await database.read
        .select()
        .from(clients)
        .where(and(eq(clients.organizationId, organizationId), page))
        .orderBy(desc(clients.id))
        .limit(limit)
      return rows.map(present)
    },

    async find(organizationId, clientId) {
      const [row] = await database.read.select().from(clients).where(ofOrganization(organizationId, clientId))
      if (!row) throw notFound()
      return present(row)
    },

    async disable(organizationId, clientId) {
      const at = now()
      return database.transaction(async (tx) => {
        const disabled = await tx
          .update(clients)
          .set({ disabledAt: at })
          .where(and(ofOrganization(organizationId, clientId), isNull(clients.disabledAt)))
          .returning({ id: clients.id })
        if (disabled.length > 0) {
          await tx.audit({ organizationId, action: 'client.disabled', target: clientId })
          return at
        }
        const [row] = await tx.select().from(clients).where(ofOrganization(organizationId, clientId))
        if (!row?.disabledAt) throw notFound()
        return row.disabledAt
      })
    },

    async authenticate(clientId, secret) {
      if (!isClientSecret(secret)) return undefined
      const [row] = await database.read.select().from(clients).where(eq(clients.id, clientId))
      if (!row || !matchesHash(secret, row.secretHash) || row.disabledAt) return undefined
      if (row.expiresAt && row.expiresAt <= now()) return undefined
      return present(row)
    },

    async disabledSince(since) {
      const rows = await database.read.select({ id: clients.id }).from(clients).where(gt(clients.disabledAt, since))
      return rows.map(({ id }) => id)
    },
  }
}

const present = (row: IdentityTables['clients']['$inferSelect']): ApiClient => ({
  id: row.id,
  organizationId: row.organizationId as OrganizationId,
  name: row.name,
  scopes: row.scopes as Scope[],
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  disabledAt: row.disabledAt,
})

function refuseOtherRequest(client: ApiClient, order: NewClient): void {
  const same =
    client.name === order.name &&
    new Set(client.scopes).symmetricDifference(new Set(order.scopes)).size === 0 &&
    client.expiresAt?.getTime() === order.expiresAt?.getTime()
  if (!same) throw new Problem('idempotency-mismatch', 'Use a new request id, or Idempotency-Key, for another client.')
}

const notFound = () => new Problem('not-found', 'There is no client of this id.')
