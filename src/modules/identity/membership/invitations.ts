import { and, desc, eq, gt, isNull, lt, not } from 'drizzle-orm'
import { timingSafeEqual } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { Role } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { AccountMails } from '../mail/account-mails.ts'
import type { Organizations } from '../organization/organizations.ts'
import type { Persons } from '../person/persons.ts'
import { emailDigest, normalizedEmail, personKey } from '../person/sealed-record.ts'
import type { IdentityTables } from '../tables.ts'
import type { Members } from './members.ts'

type Row = IdentityTables['invitations']['$inferSelect']

export interface Invitation {
  readonly id: string
  readonly organizationId: OrganizationId
  readonly email: string
  readonly role: Role
  readonly state: 'pending' | 'accepted' | 'revoked' | 'expired'
  readonly createdAt: Date
  readonly expiresAt: Date
}

export interface NewInvitation {
  readonly organizationId: OrganizationId
  readonly email: string
  readonly role: Role
  /** Of the mail; the organization's unless told. */
  readonly locale?: string | undefined
}

/** Who accepts: somebody new, or who is signed in. */
export type Accepting = { readonly name: string; readonly passwordHash: string } | { readonly personId: string }

export interface Invitations {
  /** Mails a link that works once, for a week. The same address and role: the same invitation, as long as it is pending. */
  invite(order: NewInvitation): Promise<{ invitation: Invitation; link: string }>
  /** The newest first. `pending`: those alone that can be accepted. */
  list(organizationId: OrganizationId, page: { before?: string | undefined; limit: number; pending?: boolean }): Promise<Invitation[]>
  find(organizationId: OrganizationId, id: string): Promise<Invitation>
  /** Another mail with another link, for a week from now, in the place of a pending one. Throws `not-found` for what is not pending. */
  resend(organizationId: OrganizationId, id: string, locale?: string): Promise<Invitation>
  /** What is pending is revoked, and stays in the list. Revoked already: the same. */
  revoke(organizationId: OrganizationId, id: string): Promise<Invitation>
  /** What is left of invitations of an address whose person goes; one that is pending stays. The installation's key is loaded. */
  forget(tx: Transaction<IdentityTables>, email: string): Promise<void>
  /** The pending invitation of a link. Throws `gone` for any other. */
  open(token: string): Promise<Invitation>
  /** Of an address, by whatever proves it; the newest. */
  pendingOf(organizationId: OrganizationId, email: string): Promise<Invitation | undefined>
  /** Accepted by this person, who is to be added as a member. Throws `gone` when it is pending no more. */
  take(tx: Transaction<IdentityTables>, invitation: Pick<Invitation, 'id' | 'organizationId'>, personId: string): Promise<void>
  /** Makes the person, if need be, and the member. Throws `forbidden` for a person of another address than was invited. */
  accept(token: string, who: Accepting): Promise<{ personId: string; invitation: Invitation }>
}

const lifetimeMs = 7 * 86_400_000

export function createInvitations(
  { database, keys, publicUrl, now }: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'now'>,
  { organizations, persons, members, mails }: { organizations: Organizations; persons: Persons; members: Members; mails: AccountMails },
): Invitations {
  const { invitations } = database.tables

  const proofOf = (id: string): string => keys.digest(installation, 'invitation', id)
  const linkOf = (id: string): string => `${publicUrl}/invitations/${id}.${proofOf(id)}`

  function present(row: Row): Invitation {
    const { id, role, createdAt, expiresAt } = row
    const organizationId = row.organizationId as OrganizationId
    const state = row.acceptedAt ? 'accepted' : row.revokedAt ? 'revoked' : expiresAt <= now() ? 'expired' : 'pending'
    return { id, organizationId, email: keys.openText(placeOf(organizationId, id), row.email), role, state, createdAt, expiresAt }
  }

  const pending = () => and(isNull(invitations.acceptedAt), isNull(invitations.revokedAt), gt(invitations.expiresAt, now()))

  async function prepareNew({ organizationId, email, role, locale }: NewInvitation) {
    const organization = await organizations.find({ id: organizationId })
    const id = uuidv7()
    const expiresAt = new Date(now().getTime() + lifetimeMs)
    const values = {
      id, organizationId, role, expiresAt,
      emailDigest: emailDigest(keys, email),
      email: keys.seal(organizationId, placeOf(organizationId, id), email),
      createdAt: now(),
    }
    const writeMail = await mails.prepare({
      id,
      kind: 'invitation', email, organizationId, role, expiresAt,
      locale: locale ?? organization.defaultLocale,
      link: linkOf(id),
      organizationName: organization.name,
    })
    return async (tx: Transaction<IdentityTables>) => {
      const replaced = await tx
        .update(invitations)
        .set({ revokedAt: now() })
        .where(and(eq(invitations.organizationId, organizationId), eq(invitations.emailDigest, values.emailDigest), pending()))
        .returning({ id: invitations.id })
      await mails.withdraw(tx, replaced.map((one) => one.id))
      await tx.insert(invitations).values(values)
      await writeMail(tx)
      await tx.audit({ organizationId, action: 'invitation.created', target: id, details: { role } })
    }
  }

  const take: Invitations['take'] = async (tx, { id, organizationId }, personId) => {
    const taken = await tx
      .update(invitations)
      .set({ acceptedAt: now() })
      .where(and(eq(invitations.id, id), pending()))
      .returning({ id: invitations.id })
    if (taken.length === 0) throw gone()
    await mails.withdraw(tx, [id])
    await tx.audit({ organizationId, action: 'invitation.accepted', target: id, details: { person: personId } })
  }

  return {
    take,

    async pendingOf(organizationId, email) {
      await keys.load([installation, organizationId])
      const ofAddress = and(eq(invitations.organizationId, organizationId), eq(invitations.emailDigest, emailDigest(keys, email)), pending())
      const [row] = await database.read.select().from(invitations).where(ofAddress).orderBy(desc(invitations.id)).limit(1)
      return row && present(row)
    },

    async invite(given) {
      const order = { ...given, email: normalizedEmail(given.email) }
      const { organizationId, role } = order
      await keys.load([installation, organizationId])
      const ofAddress = and(
        eq(invitations.organizationId, organizationId),
        eq(invitations.emailDigest, emailDigest(keys, order.email)),
        eq(invitations.role, role),
        pending(),
      )
      const known = async (queries: Pick<typeof database.read, 'select'>) => (await queries.select().from(invitations).where(ofAddress))[0]
      let row = await known(database.read)
      if (!row) {
        const person = await persons.findByEmail(order.email)
        const memberships = person ? await members.membershipsOf(person.id) : []
        if (memberships.some((one) => one.organizationId === organizationId)) {
          throw new Problem('already-exists', 'This person is a member already; change the role instead.')
        }
        const write = await prepareNew(order)
        await database.transaction(async (tx) => {
          // Another request may have been quicker.
          if (!(await known(tx))) await write(tx)
        })
        row = (await known(database.read))!
      }
      return { invitation: present(row), link: linkOf(row.id) }
    },

    async find(organizationId, id) {
      await keys.load([organizationId])
      const [row] = await database.read.select().from(invitations).where(and(eq(invitations.id, id), eq(invitations.organizationId, organizationId)))
      if (!row) throw new Problem('not-found', 'There is no invitation of this id.')
      return present(row)
    },

    async resend(organizationId, id, locale) {
      await keys.load([installation, organizationId])
      const [row] = await database.read.select().from(invitations)
        .where(and(eq(invitations.id, id), eq(invitations.organizationId, organizationId), pending()))
      if (!row) throw new Problem('not-found', 'There is no pending invitation of this id.')
      const { email, role } = present(row)
      const write = await prepareNew({ organizationId, email, role, locale })
      await database.transaction(write)
      const [sent] = await database.read.select().from(invitations)
        .where(and(eq(invitations.organizationId, organizationId), eq(invitations.emailDigest, row.emailDigest), pending()))
        .orderBy(desc(invitations.id)).limit(1)
      // Accepted or taken back in the same moment.
      if (!sent) throw new Problem('not-found', 'There is no pending invitation of this id.')
      return present(sent)
    },

    async list(organizationId, { before, limit, pending: only = false }) {
      await keys.load([organizationId])
      const page = and(before === undefined ? undefined : lt(invitations.id, before), only ? pending() : undefined)
      const rows = await database.read
        .select()
        .from(invitations)
        .where(and(eq(invitations.organizationId, organizationId), page))
        .orderBy(desc(invitations.id))
        .limit(limit)
      return rows.map(present)
    },

    async revoke(organizationId, id) {
      await keys.load([organizationId])
      const ofId = and(eq(invitations.id, id), eq(invitations.organizationId, organizationId))
      return database.transaction(async (tx) => {
        const revoked = await tx.update(invitations).set({ revokedAt: now() }).where(and(ofId, pending())).returning({ id: invitations.id })
        await mails.withdraw(tx, revoked.map((one) => one.id))
        if (revoked.length > 0) await tx.audit({ organizationId, action: 'invitation.revoked', target: id })
        const [row] = await tx.select().from(invitations).where(ofId)
        if (!row) throw new Problem('not-found', 'There is no invitation of this id.')
        if (row.acceptedAt) throw new Problem('state-refused', 'Remove the member instead: this invitation was accepted.')
        return present(row)
      })
    },

    async forget(tx, email) {
      await tx.delete(invitations).where(and(eq(invitations.emailDigest, emailDigest(keys, email)), not(pending()!)))
    },

    async open(token) {
      const { row } = await openRow(token)
      return present(row)
    },

    async accept(token, who) {
      const { row } = await openRow(token)
      const invitation = present(row)
      const created = 'personId' in who ? undefined : await persons.prepareNew({ email: invitation.email, ...who })
      const personId = created?.id ?? (who as { personId: string }).personId
      if (!created) {
        const person = (await persons.find([personId])).get(personId)
        if (!person || emailDigest(keys, person.email) !== row.emailDigest) {
          throw new Problem('forbidden', 'Sign in with the address that was invited.')
        }
      }
      await database.transaction(async (tx) => {
        await take(tx, invitation, personId)
        await created?.write(tx)
        await members.add(tx, { organizationId: invitation.organizationId, personId, role: row.role })
      })
      return { personId, invitation }
    },
  }

  async function openRow(token: string): Promise<{ row: Row }> {
    const [id = '', proof = ''] = token.split('.')
    await keys.load([personKey])
    const right = Buffer.from(proofOf(id))
    const given = Buffer.from(proof)
    if (given.length !== right.length || !timingSafeEqual(given, right)) throw gone()
    const [row] = await database.read.select().from(invitations).where(and(eq(invitations.id, id), pending()))
    if (!row) throw gone()
    await keys.load([row.organizationId])
    return { row }
  }
}

const placeOf = (organizationId: OrganizationId, id: string) => ({ organizationId, table: 'invitations', column: 'email', row: id })

const gone = () => new Problem('gone', 'This invitation was used, taken back, or is too old; ask for another.')
