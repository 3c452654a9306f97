import { and, eq } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Invitations } from '../membership/invitations.ts'
import type { Members } from '../membership/members.ts'
import type { Persons } from '../person/persons.ts'
import { lookupDigest, normalizedEmail, personKey } from '../person/sealed-record.ts'
import type { IdentityTables } from '../tables.ts'
import type { Claims } from './openid.ts'
import type { Provider, Providers } from './providers.ts'

type Tx = Transaction<IdentityTables>
type Member = IdentityTables['members']['$inferSelect']

/** Why somebody whom the provider vouches for is not let in. */
export type Refusal =
  | 'no-address' | 'address-not-verified' | 'address-outside-domains'
  | 'not-invited' | 'linked-to-another' | 'role-not-permitted' | 'disabled' | 'provider-changed'

/** Whom a provider's word lets in, and as whom: decision 0196. */
export interface Admission {
  /** The person, who is a member of the provider's organization then; or why not. A refusal is in the audit. */
  admit(provider: Provider, claims: Claims): Promise<{ personId: string } | { refusal: Refusal }>
}

/** What the address alone refuses. A subject that is linked already needs one only where domains are named. */
export function refusalOfAddress({ domains }: Pick<Provider, 'domains'>, { email, emailVerified }: Claims, isLinked: boolean): Refusal | undefined {
  if (isLinked && domains.length === 0) return undefined
  if (email === undefined) return 'no-address'
  if (!emailVerified) return 'address-not-verified'
  const domain = domainOf(email)
  return domains.length > 0 && !domains.includes(domain) ? 'address-outside-domains' : undefined
}

/** What stands behind the last `@`, in small letters. */
export const domainOf = (email: string): string => normalizedEmail(email).split('@').at(-1)!

export function createAdmission(
  { database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>,
  { providers, persons, members, invitations }: { providers: Providers; persons: Persons; members: Members; invitations: Invitations },
): Admission {
  const { signInLinks, members: memberTable } = database.tables

  const memberBy = async (tx: Tx, organizationId: string, by: { id: string } | { personId: string }): Promise<Member | undefined> => {
    const which = 'id' in by ? eq(memberTable.id, by.id) : eq(memberTable.personId, by.personId)
    return (await tx.select().from(memberTable).where(and(which, eq(memberTable.organizationId, organizationId))))[0]
  }

  const refusalOfMember = ({ permits }: Provider, { role, disabledAt }: Pick<Member, 'role' | 'disabledAt'>): Refusal | undefined =>
    disabledAt ? 'disabled' : permits.includes(role) ? undefined : 'role-not-permitted'

  async function admitOnce(known: Provider, claims: Claims): Promise<{ personId: string } | { refusal: Refusal }> {
    const { organizationId } = known
    await keys.load([personKey, organizationId])
    const subjectDigest = lookupDigest(keys, `provider ${known.id}`, claims.subject)
    const email = claims.email && normalizedEmail(claims.email)
    const account = email === undefined ? undefined : await persons.findByEmail(email)
    const invitation = email === undefined ? undefined : await invitations.pendingOf(organizationId, email)
    const created = email === undefined || account ? undefined : await persons.prepareNew({ email, name: claims.name ?? email.split('@')[0]! })

    return database.transaction(async (tx) => {
      const refuse = async (refusal: Refusal) => {
        await tx.audit({ organizationId, action: 'sign-in.refused', target: known.id, details: { reason: refusal } })
        return { refusal }
      }
      // As it is now: it may have been changed or taken away while somebody was on the way.
      const provider = await providers.byId(known.id, tx)
      if (!provider) return { refusal: 'provider-changed' as const }

      const [link] = await tx.select().from(signInLinks).where(and(eq(signInLinks.providerId, provider.id), eq(signInLinks.subjectDigest, subjectDigest)))
      const linked = link && (await memberBy(tx, organizationId, { id: link.memberId }))
      const refusal = refusalOfAddress(provider, claims, linked !== undefined)
      if (refusal) return refuse(refusal)
      if (linked) {
        const no = refusalOfMember(provider, linked)
        return no ? refuse(no) : { personId: linked.personId }
      }

      const member = account && (await memberBy(tx, organizationId, { personId: account.id }))
      const role = member?.role ?? invitation?.role ?? (account ? null : provider.joinRole)
      if (!role) return refuse('not-invited')
      const no = refusalOfMember(provider, { role, disabledAt: member?.disabledAt ?? null })
      if (no) return refuse(no)
      // An address is given to somebody else one day: the account stays with whom it was linked to first.
      if (member) {
        const [taken] = await tx.select().from(signInLinks).where(and(eq(signInLinks.providerId, provider.id), eq(signInLinks.memberId, member.id)))
        if (taken) return refuse('linked-to-another')
      }

      const personId = account?.id ?? created!.id
      await created?.write(tx)
      if (!member && invitation) await invitations.take(tx, invitation, personId)
      const memberId = member?.id ?? (await members.add(tx, { organizationId, personId, role }))
      if (link) await tx.delete(signInLinks).where(eq(signInLinks.id, link.id))
      await tx.insert(signInLinks).values({ id: uuidv7(), organizationId, providerId: provider.id, subjectDigest, memberId, createdAt: now() })
      await tx.audit({ organizationId, action: 'sign-in.linked', target: memberId, details: { provider: provider.id, person: personId, by: member ? 'membership' : invitation ? 'invitation' : 'domain' } })
      return { personId }
    })
  }

  return {
    admit: (provider, claims) =>
      admitOnce(provider, claims).catch((error: unknown) => {
        // Somebody else was quicker with the same address or invitation: now it is known.
        if (error instanceof Problem && (error.code === 'already-exists' || error.code === 'gone')) return admitOnce(provider, claims)
        throw error
      }),
  }
}
