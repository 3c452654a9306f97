import { and, desc, eq, inArray, isNotNull, isNull } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { FetchedKey } from '#platform/crypto/key-ring.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { DataKeyKind } from '../tables.ts'
import { masterIdOf, type MasterKeys, refuseMasterKey } from './master-keys.ts'

/** The data keys of everyone, wrapped by the master key: the only place where they are stored. */
export interface DataKeys {
  /** Opens the installation's key, or makes it on the first run. @throws {ConfigurationError} for a wrong master key */
  prepareInstallation(): Promise<void>
  /** All versions of each subject's key; unknown subjects are left out. */
  fetch(subjects: readonly string[]): Promise<FetchedKey[]>
  /** Makes the first key of an organization that does not exist yet, and loads it: its facts can be sealed then. */
  mintForOrganization(organizationId: OrganizationId): Promise<void>
  reserveRecipients(order: { organizationId: OrganizationId; reservationId: string; count: number }): Promise<string[]>
}

export function createDataKeys(
  { database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>,
  masterKeys: MasterKeys,
): DataKeys {
  const { dataKeys, reservations, organizations } = database.tables

  /** The master key that wraps the installation's own key wraps all that are new; undefined before there is one. */
  async function activeMaster(): Promise<string | undefined> {
    const wrapped = await newestWrapped(database, installation)
    return wrapped && masterIdOf(wrapped)
  }

  function newRow(
    master: string | undefined, kind: DataKeyKind, subject: string, organizationId: OrganizationId, reservationId: string | null = null,
  ) {
    const wrappedKey = masterKeys.wrap(master, { subject, version: 1, organizationId }, randomBytes(32))
    return { subject, version: 1, organizationId, kind, wrappedKey, reservationId, createdAt: now() }
  }

  const reserved = async (organizationId: OrganizationId, reservationId: string): Promise<string[]> => {
    const rows = await database.read
      .select({ subject: dataKeys.subject })
      .from(dataKeys)
      .where(and(eq(dataKeys.organizationId, organizationId), eq(dataKeys.reservationId, reservationId)))
    return rows.map(({ subject }) => subject).sort()
  }

  return {
    async prepareInstallation() {
      // With a wrong master key nothing is written: what is there is opened first.
      if ((await this.fetch([installation]).catch(refuseMasterKey)).length > 0) return
      const row = newRow(undefined, 'installation', installation, installation)
      await database.transaction((tx) => tx.insert(dataKeys).values(row).onConflictDoNothing())
      // Another process may have been quicker, with another master key.
      await this.fetch([installation]).catch(refuseMasterKey)
    },

    async fetch(subjects) {
      const rows = await database.read
        .select()
        .from(dataKeys)
        .where(and(inArray(dataKeys.subject, [...subjects]), isNull(dataKeys.retiredAt)))
      return rows.map(({ subject, version, organizationId, wrappedKey }) => {
        if (!wrappedKey) return { subject, version, key: null, erased: true }
        const name = { subject, version, organizationId: organizationId as OrganizationId }
        const key = Buffer.from(masterKeys.unwrap(name, wrappedKey)).toString('base64')
        return { subject, version, key, erased: false }
      })
    },

    async mintForOrganization(organizationId) {
      const row = newRow(await activeMaster(), 'organization', organizationId, organizationId)
      await database.transaction((tx) => tx.insert(dataKeys).values(row).onConflictDoNothing())
      await keys.load([organizationId])
    },

    async reserveRecipients({ organizationId, reservationId, count }) {
      const known = await database.read
        .select({ id: organizations.id })
        .from(organizations)
        .where(eq(organizations.id, organizationId))
      if (known.length === 0) throw new Problem('not-found', 'There is no organization of this id.')
      const master = await activeMaster()
      const rows = Array.from({ length: count }, () => newRow(master, 'recipient', uuidv7(), organizationId, reservationId))
      const isFirst = await database.transaction(async (tx) => {
        const inserted = await tx
          .insert(reservations)
          .values({ organizationId, reservationId, count, createdAt: now() })
          .onConflictDoNothing()
          .returning({ count: reservations.count })
        if (inserted.length > 0) await tx.insert(dataKeys).values(rows)
        return inserted.length > 0
      })
      if (isFirst) return rows.map(({ subject }) => subject).sort()
      const earlier = await reserved(organizationId, reservationId)
      if (earlier.length === count) return earlier
      throw new Problem('conflict', 'This reservation was made for another count; use a new reservation id.')
    },
  }
}

/** The newest version of a subject's key, as it is stored. */
export async function newestWrapped(
  { read, tables: { dataKeys } }: IdentityContext['database'], subject: string,
): Promise<Uint8Array | undefined> {
  const [row] = await read
    .select({ wrappedKey: dataKeys.wrappedKey })
    .from(dataKeys)
    .where(and(eq(dataKeys.subject, subject), isNotNull(dataKeys.wrappedKey)))
    .orderBy(desc(dataKeys.version))
    .limit(1)
  return row?.wrappedKey ?? undefined
}
