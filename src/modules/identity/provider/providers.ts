import { and, asc, eq } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { type Role, roles } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import { refuseExcess } from '../membership/members.ts'
import { mayGive } from '../membership/roles.ts'
import type { Sessions } from '../session/sessions.ts'
import type { IdentityTables } from '../tables.ts'
import type { Discovered, OpenIdOptions, OpenProvider } from './openid.ts'
import { ProviderFault } from './provider-fault.ts'

type Tx = Transaction<IdentityTables>
type Row = IdentityTables['signInProviders']['$inferSelect']

/** How people of an organization sign in by its own OpenID provider. Its client secret is shown to nobody. */
export interface Provider {
  readonly id: string
  readonly organizationId: OrganizationId
  readonly issuer: string
  readonly clientId: string
  /** Of addresses that it may sign in; none: of any, but only members and who is invited. */
  readonly domains: readonly string[]
  readonly joinRole: Role | null
  readonly required: boolean
  readonly permits: readonly Role[]
  readonly createdAt: Date
  readonly changedAt: Date
}

export interface ProviderOrder {
  readonly issuer: string
  readonly clientId: string
  /** Absent: as it was, which goes for the same issuer and client alone. */
  readonly clientSecret?: string | undefined
  readonly domains: readonly string[]
  readonly joinRole: Role | null
  readonly required: boolean
}

/** Of the provider in the order: what it says of itself. */
export type CheckedAddress = Pick<ProviderOrder, 'issuer' | 'clientId'>

export interface Providers {
  find(organizationId: OrganizationId): Promise<Provider | undefined>
  byId(id: string, queries?: Pick<Tx, 'select'>): Promise<Provider | undefined>
  /** The one organization whose provider signs in addresses of this domain; undefined where there is none, or several. */
  ofDomain(domain: string): Promise<Provider | undefined>
  /** Fetches the provider's documents. Throws `validation-failed` for what does not fit, or when it does not answer. */
  check(address: CheckedAddress): Promise<Discovered>
  /** Checks, then keeps. `own` are the scopes of whoever sets it: it signs in, and makes members of, no role that they could not give. */
  set(organizationId: OrganizationId, order: ProviderOrder, own: readonly string[]): Promise<Provider>
  /** Ends the sessions that it began. False when there is none. */
  remove(organizationId: OrganizationId): Promise<boolean>
  /** The provider, to be spoken to. Throws `ProviderFault`. */
  open(provider: Provider): Promise<OpenProvider>
}

/** The address that a provider sends people back to: one for each organization, so that no provider's answer is taken for another's (RFC 9700, section 4.4.2). */
export const redirectUriOf = (publicUrl: string, organizationId: string): string => `${publicUrl}/sign-in/callback/${organizationId}`

export function createProviders(
  { database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>,
  { sessions, openId }: { sessions: Sessions; openId: Omit<OpenIdOptions, 'now'> },
): Providers {
  const { signInProviders, signInDomains, signInLinks, signInFlows, personSessions } = database.tables
  const ofOrganization = (organizationId: OrganizationId) => eq(signInProviders.organizationId, organizationId)
  // With what it needs of its own, only in a process that speaks to a provider.
  const speaking = () => import('./openid.ts')

  async function present(queries: Pick<Tx, 'select'>, rows: readonly Row[]): Promise<Provider | undefined> {
    const [row] = rows
    if (!row) return undefined
    const { clientSecret: _, ...told } = row
    const domains = await queries.select().from(signInDomains).where(eq(signInDomains.organizationId, row.organizationId)).orderBy(asc(signInDomains.domain))
    return { ...told, organizationId: row.organizationId as OrganizationId, domains: domains.map(({ domain }) => domain) }
  }

  const find = async (organizationId: OrganizationId, queries: Pick<Tx, 'select'> = database.read) =>
    present(queries, await queries.select().from(signInProviders).where(ofOrganization(organizationId)))

  /** Everything that hangs on a provider goes with it. */
  async function drop(tx: Tx, id: string): Promise<void> {
    await sessions.end(tx, await tx.select().from(personSessions).where(eq(personSessions.providerId, id)))
    await tx.delete(signInLinks).where(eq(signInLinks.providerId, id))
    await tx.delete(signInFlows).where(eq(signInFlows.providerId, id))
    await tx.delete(signInProviders).where(eq(signInProviders.id, id))
  }

  async function check(address: CheckedAddress): Promise<Discovered> {
    try {
      const provider = await (await speaking()).openProvider(address, { ...openId, now })
      await provider.checkKeys()
      return provider.discovered
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error
      const detail = error.kind === 'unreachable' ? 'Check the issuer, then try again: the provider does not answer.' : error.message
      throw new Problem('validation-failed', detail, { cause: error, extensions: { reason: `provider-${error.kind}` } })
    }
  }

  function refuseOrder({ joinRole, domains }: ProviderOrder, own: readonly string[]): Role[] {
    if (joinRole === 'owner') throw new Problem('forbidden', 'Make owners by hand: signing in makes none.', { extensions: { role: joinRole } })
    if (joinRole) refuseExcess(own, joinRole)
    if (joinRole && domains.length === 0) throw new Problem('validation-failed', 'Name the domains whose people may join without an invitation.', { extensions: { errors: [{ path: 'domains', message: 'Name at least one' }] } })
    const permits = roles.filter((role) => mayGive(own, role))
    if (permits.length === 0) throw new Problem('forbidden', 'Have somebody set this who may invite members.')
    return permits
  }

  return {
    find,
    check,

    byId: async (id, queries = database.read) => present(queries, await queries.select().from(signInProviders).where(eq(signInProviders.id, id))),

    async ofDomain(domain) {
      const named = await database.read.select().from(signInDomains).where(eq(signInDomains.domain, domain)).limit(2)
      return named.length === 1 ? find(named[0]!.organizationId as OrganizationId) : undefined
    },

    async set(organizationId, order, own) {
      const permits = refuseOrder(order, own)
      const { issuer } = await check(order)
      await keys.load([organizationId])
      await database.transaction(async (tx) => {
        const [before] = await tx.select().from(signInProviders).where(ofOrganization(organizationId))
        const isSame = before?.issuer === issuer && before.clientId === order.clientId
        const id = isSame ? before.id : uuidv7()
        if (!isSame && order.clientSecret === undefined) throw new Problem('validation-failed', 'Give the secret of this client too.', { extensions: { errors: [{ path: 'clientSecret', message: 'It is not known yet' }] } })
        const { clientId, joinRole, required } = order
        const changed = {
          issuer, clientId, joinRole, required, permits,
          ...(order.clientSecret !== undefined && { clientSecret: keys.seal(organizationId, secretPlace(organizationId, id), order.clientSecret) }),
          changedAt: now(),
        }
        if (isSame) await tx.update(signInProviders).set(changed).where(eq(signInProviders.id, id))
        else {
          if (before) await drop(tx, before.id)
          const written = await tx
            .insert(signInProviders)
            .values({ ...changed, clientSecret: changed.clientSecret!, id, organizationId, createdAt: now() })
            .onConflictDoNothing({ target: signInProviders.organizationId })
            .returning({ id: signInProviders.id })
          if (written.length === 0) throw new Problem('conflict', 'Read it again: somebody else set it meanwhile.')
        }
        await tx.delete(signInDomains).where(eq(signInDomains.organizationId, organizationId))
        const domains = [...new Set(order.domains)].sort()
        if (domains.length > 0) await tx.insert(signInDomains).values(domains.map((domain) => ({ organizationId, domain })))
        const details = { issuer, client: clientId, domains: domains.join(' '), join: joinRole ?? 'no', required, secret: order.clientSecret === undefined ? 'kept' : 'set' }
        await tx.audit({ organizationId, action: 'sign-in.provider-set', target: id, details })
      })
      return (await find(organizationId))!
    },

    remove: (organizationId) =>
      database.transaction(async (tx) => {
        const [row] = await tx.select().from(signInProviders).where(ofOrganization(organizationId))
        if (!row) return false
        await drop(tx, row.id)
        await tx.delete(signInDomains).where(eq(signInDomains.organizationId, organizationId))
        await tx.audit({ organizationId, action: 'sign-in.provider-removed', target: row.id, details: { issuer: row.issuer } })
        return true
      }),

    async open({ id, organizationId, issuer, clientId }) {
      await keys.load([organizationId])
      const [row] = await database.read.select().from(signInProviders).where(and(eq(signInProviders.id, id), ofOrganization(organizationId)))
      if (!row) throw new ProviderFault('unfit', 'The provider was taken away.')
      const clientSecret = keys.openText(secretPlace(organizationId, id), row.clientSecret)
      return (await speaking()).openProvider({ issuer, clientId, clientSecret }, { ...openId, now })
    },
  }
}

const secretPlace = (organizationId: OrganizationId, row: string) => ({ organizationId, table: 'sign_in_providers', column: 'client_secret', row })
