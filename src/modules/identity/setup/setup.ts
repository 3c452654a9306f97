import { and, eq, gt, isNull } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import { installation } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { withContext } from '#platform/context.ts'
import type { ApiClients } from '../client/clients.ts'
import type { NewOrganization, Organization } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Members } from '../membership/members.ts'
import type { Organizations } from '../organization/organizations.ts'
import type { Persons } from '../person/persons.ts'
import { allScopes } from '../contract.ts'
import { tokenHash } from '../token-hash.ts'

/** The person who will own the first organization. */
export interface FirstOwner {
  readonly name: string
  readonly email: string
  readonly password: string
}

export interface SetupResult {
  readonly organization: Organization
  readonly owner: FirstOwner | undefined
  readonly clientId: string
  /** Told here and never again. */
  readonly clientSecret: string
}

/** The first organization of an installation, made by whoever holds the link of the first run. */
export interface Setup {
  /** A new link while there is no organization; undefined afterwards. It works once, for a day. */
  offerLink(): Promise<string | undefined>
  isOpen(): Promise<boolean>
  /** Throws `state-refused` when the link is unknown, used or too old, or when an organization exists. */
  complete(token: string, order: NewOrganization, owner?: FirstOwner): Promise<SetupResult>
}

export interface SetupParts {
  readonly organizations: Organizations
  readonly apiClients: ApiClients
  readonly persons: Persons
  readonly members: Members
  readonly hashPassword: (password: string) => Promise<string>
}

const lifetimeMs = 24 * 3_600_000

export function createSetup(
  { database, keys, publicUrl, now }: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'now'>,
  { organizations, apiClients, persons, members, hashPassword }: SetupParts,
): Setup {
  const { setupLinks, organizations: organizationTable } = database.tables
  const isOpen = async () => !(await organizations.exist())
  const usable = (token: string) =>
    and(eq(setupLinks.tokenHash, tokenHash(token)), isNull(setupLinks.usedAt), gt(setupLinks.expiresAt, now()))

  return {
    isOpen,

    async offerLink() {
      if (!(await isOpen())) return undefined
      const token = randomBytes(32).toString('base64url')
      const expiresAt = new Date(now().getTime() + lifetimeMs)
      await database.transaction(async (tx) => {
        await tx.insert(setupLinks).values({ tokenHash: tokenHash(token), createdAt: now(), expiresAt })
        await tx.audit({ organizationId: installation, action: 'setup-link.created', target: 'setup' })
      })
      return `${publicUrl}/setup#${token}`
    },

    async complete(token, order, owner) {
      const links = await database.read.select().from(setupLinks).where(usable(token))
      if (links.length === 0 || !(await isOpen())) throw closed()
      return withContext({ actor: 'setup' }, async () => {
        const { id, write } = await organizations.prepareNew(order)
        await keys.load([installation])
        const { client, clientSecret, write: writeClient } = apiClients.prepareNew({
          organizationId: id,
          requestId: 'setup',
          name: 'Set-up',
          scopes: allScopes,
        })
        const person = owner && (await persons.prepareNew({ name: owner.name, email: owner.email, passwordHash: await hashPassword(owner.password) }))
        await database.transaction(async (tx) => {
          const used = await tx
            .update(setupLinks)
            .set({ usedAt: now() })
            .where(usable(token))
            .returning({ tokenHash: setupLinks.tokenHash })
          const existing = await tx.select({ id: organizationTable.id }).from(organizationTable).limit(1)
          if (used.length === 0 || existing.length > 0) throw closed()
          await write(tx)
          await writeClient(tx)
          await person?.write(tx)
          if (person) await members.add(tx, { organizationId: id, personId: person.id, role: 'owner' })
        })
        return { owner, organization: await organizations.find({ id }), clientId: client.id, clientSecret: clientSecret! }
      })
    },
  }
}

const closed = () =>
  new Problem(
    'state-refused',
    'This set-up link is unknown, used or older than a day. Restart Vellum for a new one, unless an organization exists already.',
  )
