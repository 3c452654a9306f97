import { and, asc, eq, gt, inArray, isNotNull, isNull, notExists } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { Role } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Persons } from '../person/persons.ts'
import type { Sessions } from '../session/sessions.ts'
import type { IdentityTables } from '../tables.ts'
import { mayGive } from './roles.ts'

type Tx = Transaction<IdentityTables>
type Row = IdentityTables['members']['$inferSelect']

export interface Member {
  readonly id: string
  readonly personId: string
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly createdAt: Date
  readonly disabledAt: Date | null
}

/** An organization that a person may act for. */
export interface Membership {
  readonly memberId: string
  readonly organizationId: OrganizationId
  readonly slug: string
  readonly name: string
  readonly role: Role
  /** Its members get access tokens only in a session that showed a second factor. */
  readonly requiresSecondFactor: boolean
}

/** Which members are wanted; what is absent leaves nobody out. */
export interface MemberFilter {
  /** Stands somewhere in the name or the address, in whatever case. */
  readonly text?: string | undefined
  readonly role?: Role | undefined
  readonly disabled?: boolean | undefined
}

export interface MemberChange {
  readonly role?: Role | undefined
  readonly disabled?: boolean | undefined
}

/**
 * Who may act for an organization. A change needs every scope of the role that is given or taken (`own` are those of whoever
 * changes), and there is always an owner who may sign in.
 */
export interface Members {
  list(organizationId: OrganizationId, page: { after?: string | undefined; limit: number }): Promise<Member[]>
  /** As `list`. Names are sealed, so every member is opened until the page is full. */
  search(organizationId: OrganizationId, filter: MemberFilter, page: { after?: string | undefined; limit: number }): Promise<Member[]>
  find(organizationId: OrganizationId, id: string): Promise<Member>
  /** In the order of joining; without those that are disabled. */
  membershipsOf(personId: string): Promise<Membership[]>
  /** Of those that are not disabled: how many there are, and how many have neither an app nor a passkey. */
  secondFactors(organizationId: OrganizationId): Promise<{ members: number; without: number }>
  add(tx: Tx, member: { organizationId: OrganizationId; personId: string; role: Role }): Promise<string>
  /** A new role makes access tokens of the old one void; who is disabled is signed out. */
  change(organizationId: OrganizationId, id: string, change: MemberChange, own: readonly string[]): Promise<void>
  /** Where the person is the only owner who may sign in. */
  ownedAlone(personId: string): Promise<Pick<Membership, 'slug' | 'name'>[]>
  /** All memberships of a person who goes. @throws {Problem} `state-refused`, with the slugs as `organizations`, while they are the only owner somewhere */
  leaveAll(tx: Tx, personId: string): Promise<void>
  /** Signs the person out. */
  remove(organizationId: OrganizationId, id: string, own: readonly string[]): Promise<void>
}

const openedAtOnce = 200

export function createMembers(
  { database, now }: Pick<IdentityContext, 'database' | 'now'>,
  { persons, sessions }: { persons: Persons; sessions: Sessions },
): Members {
  const { members, organizations, persons: personTable, personPasskeys, signInLinks } = database.tables
  const ofOrganization = (organizationId: OrganizationId, id: string) => and(eq(members.id, id), eq(members.organizationId, organizationId))

  async function present(rows: readonly Row[]): Promise<Member[]> {
    const people = await persons.find(rows.map(({ personId }) => personId))
    return rows.map(({ id, personId, role, createdAt, disabledAt }) => {
      const { name, email } = people.get(personId)!
      return { id, personId, name, email, role, createdAt, disabledAt }
    })
  }

  const activeOwners = (organizationId: string) => and(eq(members.organizationId, organizationId), eq(members.role, 'owner'), isNull(members.disabledAt))
  // Whoever changes members of this organization changes these rows: on Postgres the later one begins again.
  const lockOwners = (tx: Tx, organizationId: string): Promise<Row[]> => tx.update(members).set({ role: 'owner' }).where(activeOwners(organizationId)).returning()

  /** The member, once no other transaction can take away its organization's owners. */
  async function lock(tx: Tx, organizationId: OrganizationId, id: string): Promise<{ row: Row; owners: Row[] }> {
    const owners = await lockOwners(tx, organizationId)
    const [row] = await tx.select().from(members).where(ofOrganization(organizationId, id))
    if (!row) throw new Problem('not-found', 'There is no member of this id.')
    return { row, owners }
  }

  function refuseLastOwner(owners: readonly Row[], id: string): void {
    if (owners.length === 1 && owners[0]!.id === id) {
      throw new Problem('state-refused', 'Make somebody else an owner first: this is the last one.')
    }
  }

  async function list(
    organizationId: OrganizationId,
    { after, limit, role, disabled }: { after?: string | undefined; limit: number } & Omit<MemberFilter, 'text'>,
  ): Promise<Member[]> {
    const wanted = [
      eq(members.organizationId, organizationId),
      after === undefined ? undefined : gt(members.id, after),
      role === undefined ? undefined : eq(members.role, role),
      disabled === undefined ? undefined : disabled ? isNotNull(members.disabledAt) : isNull(members.disabledAt),
    ]
    return present(await database.read.select().from(members).where(and(...wanted)).orderBy(asc(members.id)).limit(limit))
  }

  return {
    list,

    async search(organizationId, { text = '', ...filter }, { after, limit }) {
      const part = text.normalize('NFC').toLowerCase()
      const found: Member[] = []
      for (let last = after; ; ) {
        const some = await list(organizationId, { ...filter, after: last, limit: openedAtOnce })
        found.push(...some.filter(({ name, email }) => `${name}\n${email}`.normalize('NFC').toLowerCase().includes(part)))
        if (found.length >= limit || some.length < openedAtOnce) return found.slice(0, limit)
        last = some.at(-1)!.id
      }
    },

    async find(organizationId, id) {
      const [member] = await present(await database.read.select().from(members).where(ofOrganization(organizationId, id)))
      if (!member) throw new Problem('not-found', 'There is no member of this id.')
      return member
    },

    async membershipsOf(personId) {
      const rows = await database.read
        .select()
        .from(members)
        .where(and(eq(members.personId, personId), isNull(members.disabledAt)))
        .orderBy(asc(members.id))
      if (rows.length === 0) return []
      const named = await database.read
        .select({ id: organizations.id, slug: organizations.slug, name: organizations.name, requiresSecondFactor: organizations.requiresSecondFactor })
        .from(organizations)
        .where(inArray(organizations.id, rows.map(({ organizationId }) => organizationId)))
      return rows.map(({ id, organizationId, role }) => {
        const { slug, name, requiresSecondFactor } = named.find((one) => one.id === organizationId)!
        return { memberId: id, organizationId: organizationId as OrganizationId, slug, name, role, requiresSecondFactor: requiresSecondFactor === true }
      })
    },

    async secondFactors(organizationId) {
      const active = and(eq(members.organizationId, organizationId), isNull(members.disabledAt))
      const app = database.read.select({ id: personTable.id }).from(personTable).where(and(eq(personTable.id, members.personId), eq(personTable.twoFactorEnabled, true)))
      const passkey = database.read.select({ id: personPasskeys.id }).from(personPasskeys).where(eq(personPasskeys.userId, members.personId))
      return {
        members: await database.read.$count(members, active),
        without: await database.read.$count(members, and(active, notExists(app), notExists(passkey))),
      }
    },

    async add(tx, { organizationId, personId, role }) {
      const id = uuidv7()
      // Who deletes their account meanwhile changes this row too: on Postgres the later one begins again.
      const known = await tx.update(personTable).set({ updatedAt: now() }).where(eq(personTable.id, personId)).returning({ id: personTable.id })
      if (known.length === 0) throw new Problem('gone', 'Accept an invitation to a new account: this one was deleted.')
      const written = await tx
        .insert(members)
        .values({ id, organizationId, personId, role, createdAt: now() })
        .onConflictDoNothing({ target: [members.personId, members.organizationId] })
        .returning({ id: members.id })
      if (written.length === 0) throw new Problem('already-exists', 'This person is a member already; change the role instead.')
      await tx.audit({ organizationId, action: 'member.added', target: id, details: { person: personId, role } })
      return id
    },

    change: (organizationId, id, { role, disabled }, own) =>
      database.transaction(async (tx) => {
        const { row, owners } = await lock(tx, organizationId, id)
        refuseExcess(own, row.role, role ?? row.role)
        const ends = disabled === true && row.disabledAt === null
        const changesRole = role !== undefined && role !== row.role
        if (ends || (changesRole && row.role === 'owner')) refuseLastOwner(owners, id)
        if (changesRole) {
          await tx.update(members).set({ role }).where(eq(members.id, id))
          await sessions.renewGrants(tx, row.personId)
          await tx.audit({ organizationId, action: 'member.role-changed', target: id, details: { from: row.role, to: role } })
        }
        if (ends) {
          await tx.update(members).set({ disabledAt: now() }).where(eq(members.id, id))
          await sessions.endAllOf(tx, row.personId)
          await tx.audit({ organizationId, action: 'member.disabled', target: id })
        } else if (disabled === false && row.disabledAt !== null) {
          await tx.update(members).set({ disabledAt: null }).where(eq(members.id, id))
          await tx.audit({ organizationId, action: 'member.enabled', target: id })
        }
      }),

    async ownedAlone(personId) {
      const alone: string[] = []
      for (const { organizationId } of await database.read.select().from(members).where(and(eq(members.personId, personId), eq(members.role, 'owner'), isNull(members.disabledAt)))) {
        if ((await database.read.$count(members, activeOwners(organizationId))) === 1) alone.push(organizationId)
      }
      return alone.length === 0 ? [] : database.read.select({ slug: organizations.slug, name: organizations.name }).from(organizations).where(inArray(organizations.id, alone))
    },

    async leaveAll(tx, personId) {
      // In one order, so that two who leave do not wait for each other.
      const own = await tx.select().from(members).where(eq(members.personId, personId)).orderBy(asc(members.organizationId))
      const alone: string[] = []
      for (const { id, organizationId, role } of own) {
        const owners = role === 'owner' ? await lockOwners(tx, organizationId) : []
        if (owners.length === 1 && owners[0]!.id === id) alone.push(organizationId)
      }
      if (alone.length > 0) {
        const named = await tx.select({ slug: organizations.slug }).from(organizations).where(inArray(organizations.id, alone))
        throw new Problem('state-refused', 'Make somebody else an owner first, in each of these organizations: you are the only one.', {
          extensions: { organizations: named.map(({ slug }) => slug) },
        })
      }
      for (const { id, organizationId, role } of own) {
        await tx.delete(signInLinks).where(eq(signInLinks.memberId, id))
        await tx.delete(members).where(eq(members.id, id))
        await tx.audit({ organizationId: organizationId as OrganizationId, action: 'member.removed', target: id, details: { person: personId, role } })
      }
    },

    remove: (organizationId, id, own) =>
      database.transaction(async (tx) => {
        const { row, owners } = await lock(tx, organizationId, id)
        refuseExcess(own, row.role)
        refuseLastOwner(owners, id)
        await tx.delete(members).where(eq(members.id, id))
        await sessions.endAllOf(tx, row.personId)
        await tx.audit({ organizationId, action: 'member.removed', target: id, details: { person: row.personId, role: row.role } })
      }),
  }
}

/** Throws `forbidden` when a role permits what the one who gives or takes it may not. */
export function refuseExcess(own: readonly string[], ...given: Role[]): void {
  const excess = given.find((role) => !mayGive(own, role))
  if (excess) throw new Problem('forbidden', `Have somebody do this who may do all that the role ${excess} permits.`, { extensions: { role: excess } })
}
