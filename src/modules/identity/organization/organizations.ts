import { and, asc, eq, gt, isNull } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { NewOrganization, Organization } from '../contract.ts'
import type { DataKeys } from '../data-key/data-keys.ts'
import { organizationChanged, organizationCreated } from '../events.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { IdentityTables } from '../tables.ts'

type Tx = Transaction<IdentityTables>
type Row = IdentityTables['organizations']['$inferSelect']

export interface OrganizationChange {
  readonly slug?: string | undefined
  readonly name?: string | undefined
  /** Null takes it away. */
  readonly url?: string | null | undefined
  readonly contactEmail?: string | null | undefined
  readonly defaultLocale?: string | undefined
  readonly requiresSecondFactor?: boolean | undefined
}

export interface Organizations {
  /** The same organization for the same slug and name; `already-exists` for a slug that another has. */
  create(order: NewOrganization): Promise<Organization>
  /** Makes its key, and answers what writes it in a transaction. Throws `already-exists` inside that one. */
  prepareNew(order: NewOrganization): Promise<{ id: OrganizationId; write: (tx: Tx) => Promise<void> }>
  find(by: { id: string } | { slug: string }): Promise<Organization>
  list(after: string | undefined, limit: number): Promise<Organization[]>
  change(id: OrganizationId, change: OrganizationChange): Promise<Organization>
  freeze(id: OrganizationId): Promise<Organization>
  /** Whether there is any. */
  exist(): Promise<boolean>
}

export function createOrganizations(
  { database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>,
  dataKeys: DataKeys,
): Organizations {
  const { organizations } = database.tables
  const sealContact = (id: string, email: string) => keys.seal(id, contactPlace(id), email)

  function present(row: Row): Organization {
    return {
      id: row.id,
      slug: row.slug,
      name: row.name,
      defaultLocale: row.defaultLocale,
      createdAt: row.createdAt.toISOString(),
      ...(row.url === null ? {} : { url: row.url }),
      ...(row.contactEmail === null ? {} : { contactEmail: keys.openText(contactPlace(row.id), row.contactEmail) }),
      ...(row.requiresSecondFactor === null ? {} : { requiresSecondFactor: row.requiresSecondFactor }),
      ...(row.frozenAt === null ? {} : { frozenAt: row.frozenAt.toISOString() }),
    }
  }

  async function presentAll(rows: readonly Row[]): Promise<Organization[]> {
    await keys.load(rows.filter((row) => row.contactEmail !== null).map((row) => row.id))
    return rows.map(present)
  }

  const rowBy = async (by: { id: string } | { slug: string }): Promise<Row | undefined> => {
    const where = 'id' in by ? eq(organizations.id, by.id) : eq(organizations.slug, by.slug)
    const [row] = await database.read.select().from(organizations).where(where)
    return row
  }

  async function find(by: { id: string } | { slug: string }): Promise<Organization> {
    const row = await rowBy(by)
    if (!row) throw notFound()
    const [organization] = await presentAll([row])
    return organization!
  }

  async function prepareNew({ slug, name, url, contactEmail, defaultLocale }: NewOrganization) {
    const id = uuidv7() as OrganizationId
    await dataKeys.mintForOrganization(id)
    const contact = contactEmail === undefined ? null : sealContact(id, contactEmail)
    const values = { id, slug, name, url: url ?? null, contactEmail: contact, defaultLocale, createdAt: now() }
    return {
      id,
      async write(tx: Tx) {
        const inserted = await tx
          .insert(organizations)
          .values(values)
          .onConflictDoNothing({ target: organizations.slug })
          .returning({ id: organizations.id })
        if (inserted.length === 0) throw slugTaken()
        await tx.publish(organizationCreated, id, { organizationId: id, slug, name })
        await tx.audit({ organizationId: id, action: 'organization.created', target: id })
      },
    }
  }

  return {
    find,
    prepareNew,

    async create(order) {
      // Looked up before, so that a repetition makes no key; and after, because another may have been quicker.
      const before = await rowBy({ slug: order.slug })
      if (!before) {
        const { id, write } = await prepareNew(order)
        const written = await database.transaction(write).then(() => true, (error: unknown) => {
          if (error instanceof Problem && error.code === 'already-exists') return false
          throw error
        })
        if (written) return find({ id })
      }
      const known = await find({ slug: order.slug })
      if (known.name !== order.name) throw slugTaken()
      return known
    },

    async list(after, limit) {
      const rows = await database.read
        .select()
        .from(organizations)
        .where(after === undefined ? undefined : gt(organizations.id, after))
        .orderBy(asc(organizations.id))
        .limit(limit)
      return presentAll(rows)
    },

    async change(id, change) {
      await keys.load([id])
      const { slug, name, url, defaultLocale, requiresSecondFactor } = change
      const contactEmail = typeof change.contactEmail === 'string' ? sealContact(id, change.contactEmail) : change.contactEmail
      // drizzle leaves out what is undefined, and refuses an update of nothing.
      const values = { slug, name, url, contactEmail, defaultLocale, requiresSecondFactor }
      const changed = Object.keys(values).filter((field) => values[field as keyof typeof values] !== undefined)
      if (changed.length === 0) return find({ id })
      const row = await database.transaction(async (tx) => {
        if (slug !== undefined) await refuseSlug(tx, id, slug)
        const [updated] = await tx.update(organizations).set(values).where(eq(organizations.id, id)).returning()
        if (!updated) throw notFound()
        await tx.publish(organizationChanged, id, {
          organizationId: id,
          slug: updated.slug,
          name: updated.name,
          defaultLocale: updated.defaultLocale,
          ...(updated.url === null ? {} : { url: updated.url }),
        })
        await tx.audit({ organizationId: id, action: 'organization.changed', target: id, details: { fields: changed.join(' ') } })
        if (requiresSecondFactor !== undefined) {
          await tx.audit({ organizationId: id, action: `organization.second-factor-${requiresSecondFactor ? 'required' : 'not-required'}`, target: id })
        }
        return updated
      })
      return present(row)
    },

    async freeze(id) {
      await database.transaction(async (tx) => {
        const frozen = await tx
          .update(organizations)
          .set({ frozenAt: now() })
          .where(and(eq(organizations.id, id), isNull(organizations.frozenAt)))
          .returning({ id: organizations.id })
        if (frozen.length > 0) await tx.audit({ organizationId: id, action: 'organization.frozen', target: id })
      })
      return find({ id })
    },

    async exist() {
      const rows = await database.read.select({ id: organizations.id }).from(organizations).limit(1)
      return rows.length > 0
    },
  }

  async function refuseSlug(tx: Tx, id: OrganizationId, slug: string): Promise<void> {
    const [own] = await tx.select().from(organizations).where(eq(organizations.id, id))
    if (own?.frozenAt && own.slug !== slug) {
      throw new Problem('state-refused', 'Keep the slug: it is part of the addresses of credentials that were issued.')
    }
    const [other] = await tx.select({ id: organizations.id }).from(organizations).where(eq(organizations.slug, slug))
    if (other && other.id !== id) throw slugTaken()
  }
}

const contactPlace = (id: string) => ({
  organizationId: id as OrganizationId,
  table: 'organizations',
  column: 'contact_email',
  row: id,
})

const notFound = () => new Problem('not-found', 'There is no such organization.')
const slugTaken = () => new Problem('already-exists', 'Another organization has this slug; choose another.')
