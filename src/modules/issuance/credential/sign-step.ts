import { eq, placeholder, type SQL } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { preparedQuery } from '#platform/database/prepared.ts'
import { defineStep, type StepGivenUp, type StepRunner } from '#platform/work/step.ts'
import { achievementUri } from '../achievement/achievements.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import { writeSearchTerms } from '../recipient/search-terms.ts'
import type { OrganizationKeys } from '../signing/organization-keys.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'
import { credentialPlace, findCredential, nextState } from './credential-row.ts'
import { type AchievementType, buildOpenBadge } from './open-badge.ts'
import { printCredential } from './print-step.ts'
import { priorityOf } from './priority.ts'
import { type CredentialState, transition } from './state.ts'

/** Signs one accepted credential; its `validFrom` is the time of signing. */
export const signCredential = defineStep({
  kind: 'sign-credential',
  input: z.object({ credentialId: z.string() }),
  leaseMs: 30_000,
  concurrency: 24,
})

export type SignInput = z.output<typeof signCredential.input>

/** Nothing brings the credential further until its step is driven again: whoever waits for it need not. */
export const createAbandon = ({ now }: Pick<IssuanceContext, 'now'>): StepGivenUp<SignInput, IssuanceTables> =>
  async ({ input: { credentialId } }) =>
    async (tx) => {
      const { credentials } = tx.tables
      await tx.update(credentials).set({ abandonedAt: now() }).where(eq(credentials.id, credentialId))
    }

const storeSigned = preparedQuery<
  IssuanceTables,
  { id: string; state: CredentialState; document: Uint8Array; signedAt: Date }
>()((queries, { credentials }) =>
  queries
    .update(credentials)
    .set({
      state: placeholder('state') as unknown as SQL,
      document: placeholder('document') as unknown as SQL,
      signedAt: placeholder('signedAt') as unknown as SQL,
      abandonedAt: null,
    })
    .where(eq(credentials.id, placeholder('id'))))

export function createSignRunner(
  { database, keys, publicUrl, now }: IssuanceContext,
  profiles: OrganizationProfiles,
  organizationKeys: OrganizationKeys,
): StepRunner<SignInput, IssuanceTables> {
  return async ({ organizationId, input: { credentialId } }) => {
    const found = await findCredential(database, credentialId)
    if (!found) throw new Error('The credential of this step is not there.')
    const { credential, achievement } = found
    const next = transition(credential.state, 'sign')
    // Revoked before it was signed, or signed already: nothing is left to do.
    if (!next.ok || next.state === credential.state) return undefined
    await keys.load([organizationId, credential.recipientId])
    if (keys.isErased(credential.recipientId)) return undefined
    const place = credentialPlace(organizationId, 'personal', credentialId)
    const personal = JSON.parse(keys.openText(place, credential.personal)) as PersonalData
    const [issuer, signer] = await Promise.all([profiles.of(organizationId), organizationKeys.signer(organizationId)])
    // Whole seconds: what the credential says is what is stored.
    const signedAt = new Date(Math.floor(now().getTime() / 1_000) * 1_000)
    const unsigned = buildOpenBadge({
      publicUrl,
      credentialId: credential.documentId,
      issuer: { did: signer.did, name: issuer.name, url: issuer.url },
      validFrom: signedAt,
      recipient: { ...personal, salt: randomBytes(16).toString('base64url') },
      achievement: {
        id: achievementUri(achievement.id),
        name: achievement.name,
        description: achievement.description,
        criteria: achievement.criteria,
        achievementType: achievement.achievementType as AchievementType,
      },
      completedOn: credential.completedOn ?? undefined,
      status: {
        revocation: { listId: credential.statusListId, index: credential.statusIndex },
        ...(credential.suspensionListId !== null && {
          suspension: { listId: credential.suspensionListId, index: credential.statusIndex },
        }),
      },
      test: !publicUrl.startsWith('https:'),
    })
    const document = JSON.stringify(await signer.sign(unsigned, signedAt))
    return async (tx) => {
      const sealed = keys.seal(
        credential.recipientId,
        credentialPlace(organizationId, 'document', credentialId),
        document,
      )
      const state = await nextState(tx, credentialId, 'sign')
      if (state === undefined) return
      await tx.run(storeSigned, { id: credentialId, state, document: sealed, signedAt })
      await writeSearchTerms(tx, keys, organizationId, credential.recipientId, personal)
      const priority = priorityOf(credential.batchId)
      await tx.addStep(printCredential, organizationId, credentialId, { credentialId }, { priority })
    }
  }
}
