import { and, desc, eq, gt, isNull, lt } from 'drizzle-orm'
import { isDeepStrictEqual } from 'node:util'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Scope } from '../contract.ts'
import type { IdentityTables } from '../tables.ts'
import { assertedClient, verifyAssertion } from './client-assertion.ts'
import { formatClientSecret, hashClientSecret, isClientSecret, matchesHash } from './client-secret.ts'
import type { PublicKeys } from './public-keys.ts'

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
  /** With keys the client signs assertions, and has no secret. */
  readonly publicKeys?: PublicKeys | undefined
}

export interface ClientWithSecret {
  readonly client: ApiClient
  /** Absent when the client has keys of its own. */
  readonly clientSecret: string | undefined
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
  /** The client that signed this assertion for us, unless it was used before; see `verifyAssertion`. */
  authenticateByAssertion(assertion: string, audiences: readonly string[]): Promise<ApiClient | undefined>
  disabledSince(since: Date): Promise<string[]>
}

const repeatableMs = 24 * 3_600_000
/** The hash of no secret. */
const nobody = new Uint8Array(32)

export function createApiClients({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): ApiClients {
  const { clients, usedAssertions } = database.tables

  /** Made from the installation's key and the client's id, so that a repeated request can be told it again. */
  const secretOf = (clientId: string): string =>
    formatClientSecret(Buffer.from(keys.digest(installation, 'client-secret', clientId), 'base64url'))

  const ofOrganization = (organizationId: OrganizationId, clientId: string) =>
    and(eq(clients.id, clientId), eq(clients.organizationId, organizationId))

  async function enabled(clientId: string): Promise<Row | undefined> {
    const [row] = await database.read.select().from(clients).where(eq(clients.id, clientId))
    return row && !row.disabledAt && !(row.expiresAt && row.expiresAt <= now()) ? row : undefined
  }

  async function byRequest({ organizationId, requestId }: NewClient): Promise<Row | undefined> {
    const [row] = await database.read
      .select()
      .from(clients)
      .where(and(eq(clients.organizationId, organizationId), eq(clients.requestId, requestId)))
    return row
  }

  function prepareNew(order: NewClient) {
    const id = uuidv7()
    const { organizationId, requestId, name, scopes, expiresAt = null, publicKeys = null } = order
    const clientSecret = publicKeys ? undefined : secretOf(id)
    const client: ApiClient = {
      id, organizationId, name, scopes: [...new Set(scopes)], createdAt: now(), expiresAt, disabledAt: null,
    }
    const secretHash = clientSecret === undefined ? null : hashClientSecret(clientSecret)
    const values = { ...client, scopes: [...client.scopes], requestId, secretHash, publicKeys }
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
      let row = await byRequest(order)
      if (!row) {
        await database.transaction(prepareNew(order).write)
        row = (await byRequest(order))!
      }
      refuseOtherRequest(row, order)
      const client = present(row)
      if (now().getTime() - client.createdAt.getTime() > repeatableMs) {
        throw new Problem('already-exists', 'The secret of this client was told a day ago or more; make a new client.')
      }
      return { client, clientSecret: order.publicKeys ? undefined : secretOf(client.id) }
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
      const row = await enabled(clientId)
      // The same work for a client that there is not: how long it took tells nothing.
      const matches = matchesHash(secret, row?.secretHash ?? nobody)
      return row && matches ? present(row) : undefined
    },

    async authenticateByAssertion(assertion, audiences) {
      const clientId = assertedClient(assertion)
      const row = clientId === undefined ? undefined : await enabled(clientId)
      if (!row?.publicKeys) return undefined
      const expected = { clientId: row.id, keys: row.publicKeys, audiences, now: now() }
      const verified = await verifyAssertion(assertion, expected)
      if (!verified) return undefined
      const isFirstUse = await database.transaction(async (tx) => {
        await tx.delete(usedAssertions).where(lt(usedAssertions.expiresAt, new Date(now().getTime() - repeatableMs)))
        const used = await tx
          .insert(usedAssertions)
          .values({ clientId: row.id, ...verified })
          .onConflictDoNothing()
          .returning({ clientId: usedAssertions.clientId })
        return used.length > 0
      })
      return isFirstUse ? present(row) : undefined
    },

    async disabledSince(since) {
      const rows = await database.read.select({ id: clients.id }).from(clients).where(gt(clients.disabledAt, since))
      return rows.map(({ id }) => id)
    },
  }
}

type Row = IdentityTables['clients']['$inferSelect']

const present = (row: Row): ApiClient => ({
  id: row.id,
  organizationId: row.organizationId as OrganizationId,
  name: row.name,
  scopes: row.scopes as Scope[],
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  disabledAt: row.disabledAt,
})

function refuseOtherRequest(client: Row, order: NewClient): void {
  const same =
    client.name === order.name &&
    new Set<string>(client.scopes).symmetricDifference(new Set<string>(order.scopes)).size === 0 &&
    isDeepStrictEqual(client.publicKeys ?? undefined, order.publicKeys) &&
    client.expiresAt?.getTime() === order.expiresAt?.getTime()
  if (!same) throw new Problem('idempotency-mismatch', 'Use a new request id, or Idempotency-Key, for another client.')
}

const notFound = () => new Problem('not-found', 'There is no client of this id.')
