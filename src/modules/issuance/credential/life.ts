import { and, eq } from 'drizzle-orm'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { credentialReinstated, credentialRevoked, credentialSuspended } from '../events.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { StatusListChanged, type StatusLists } from '../status-list/status-lists.ts'
import { type CredentialFact, type CredentialState, type RefusalCode, transition } from './state.ts'

export type LifeCommand = 'revoke' | 'suspend' | 'reinstate'

const sentences: Record<RefusalCode, string> = {
  credential_not_issued: 'The credential is not issued yet; try again in a few seconds, or revoke it.',
  credential_suspended: 'The credential is suspended; lift the suspension first.',
  credential_superseded: 'Another version has taken this credential’s place; change that one.',
  credential_expired: 'The credential is expired; renew it instead.',
  credential_issued: 'The credential is issued; revoke it instead.',
  credential_cancelled: 'The credential was cancelled with its batch, and that is for ever; issue a new one.',
  credential_revoked: 'The credential is revoked, and that is for ever; issue a new one.',
}

const effects: Record<LifeCommand, { purpose: 'revocation' | 'suspension'; bit: boolean; audit: string }> = {
  revoke: { purpose: 'revocation', bit: true, audit: 'credential.revoked' },
  suspend: { purpose: 'suspension', bit: true, audit: 'credential.suspended' },
  reinstate: { purpose: 'suspension', bit: false, audit: 'credential.reinstated' },
}

const facts: Partial<Record<CredentialFact, typeof credentialRevoked | typeof credentialSuspended | typeof credentialReinstated>> = {
  'credential.revoked': credentialRevoked,
  'credential.suspended': credentialSuspended,
  'credential.reinstated': credentialReinstated,
}

const ATTEMPTS = 20

/**
 * Revokes, suspends or reinstates. The bit and the signed list commit together with the state, before this answers.
 * The same command again changes nothing. Throws `Problem`: not-found, state-refused.
 */
export async function changeLife(
  { database, keys, now }: IssuanceContext,
  statusLists: StatusLists,
  organizationId: OrganizationId,
  credentialId: string,
  command: LifeCommand,
  reason: string | undefined,
): Promise<{ id: string; state: CredentialState }> {
  for (let attempt = 1; ; attempt++) {
    const { credentials } = database.tables
    const mine = and(eq(credentials.id, credentialId), eq(credentials.organizationId, organizationId))
    const [credential] = await database.read.select().from(credentials).where(mine)
    if (!credential) throw new Problem('not-found', 'There is no credential with this id; GET /v1/credentials lists them.')
    const next = transition(credential.state, command)
    if (!next.ok)
      throw new Problem('state-refused', sentences[next.code], { extensions: { reason: next.code, state: credential.state } })
    if (next.state === credential.state) return { id: credentialId, state: next.state }
    const { purpose, bit } = effects[command]
    const listId = purpose === 'revocation' ? credential.statusListId : credential.suspensionListId
    if (listId === null)
      throw new Problem('state-refused', 'Its template does not let this credential be suspended; revoke it, or make the template suspendable for later ones.')
    const at = now()
    try {
      await statusLists.inTurn(listId, async () => {
        const writeBit = await statusLists.change(listId, credential.statusIndex, bit)
        await keys.load([organizationId])
        await database.transaction(async (tx) => {
          const moved = await tx
            .update(tx.tables.credentials)
            .set({ state: next.state, changedAt: at })
            .where(and(mine, eq(tx.tables.credentials.state, credential.state)))
            .returning({ id: tx.tables.credentials.id })
          if (moved.length === 0) throw new StatusListChanged()
          await writeBit(tx)
          for (const name of next.events) {
            const event = facts[name]
            if (event)
              await tx.publish(event, organizationId, {
                credentialId,
                publicId: credential.publicId,
                recipientId: credential.recipientId,
                at: at.toISOString(),
                ...(reason !== undefined && { reason }),
              })
          }
          await tx.audit({ organizationId, action: effects[command].audit, target: credentialId })
        })
      })
      return { id: credentialId, state: next.state }
    } catch (error) {
      if (!(error instanceof StatusListChanged)) throw error
      if (attempt === ATTEMPTS)
        throw new Problem('unavailable', 'Too many are changed at the same moment; send this one again in a second.', { retryAfterSeconds: 1 })
    }
  }
}
