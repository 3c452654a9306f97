import { randomBytes } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { z } from 'zod'
import { currentContext } from '#platform/context.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { defineStep, type StepRunner } from '#platform/work/step.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'
import { countLinkRequest, linkLimits } from './link-limits.ts'
import type { RecipientMails } from './recipient-mails.ts'

/** For an address that nobody has there is one too, and it does nothing: so the answer takes as long. */
export const sendRecipientLink = defineStep({
  kind: 'send-recipient-link',
  input: z.object({ recipientId: z.string().optional() }),
  leaseMs: 60_000,
  concurrency: 4,
})

export const createLinkRunner = (mails: RecipientMails): StepRunner<z.output<typeof sendRecipientLink.input>, IssuanceTables> =>
  async ({ key: id, organizationId, input: { recipientId } }) => {
    if (recipientId === undefined) return undefined
    return mails.prepare({ id, organizationId, recipientId, says: { kind: 'link', token: randomBytes(32).toString('base64url') } })
  }

/** Whom a link is for: who has this address, or to whom this credential was issued. */
export type LinkFor = { readonly email: string } | { readonly credentialId: string }

/**
 * Takes a request for a link. Known or not, what is done and what is answered is the same; one too many for an address is dropped without
 * a word. Throws `rate-limited`.
 */
export type RequestLink = (organizationId: OrganizationId, whom: LinkFor) => Promise<void>

export const createLinkRequests = ({ database, keys, now }: IssuanceContext, limits = linkLimits): RequestLink => {
  const { recipients, credentials } = database.tables
  const known = { id: recipients.id, digest: recipients.emailDigest }

  async function find(organizationId: OrganizationId, whom: LinkFor, digest: string): Promise<{ id: string; digest: string | null } | undefined> {
    const [row] = 'email' in whom
      ? await database.read.select(known).from(recipients).where(and(eq(recipients.organizationId, organizationId), eq(recipients.emailDigest, digest)))
      : await database.read.select(known).from(credentials).innerJoin(recipients, eq(recipients.id, credentials.recipientId))
          .where(and(eq(credentials.organizationId, organizationId), eq(credentials.id, whom.credentialId)))
    return row
  }

  return async (organizationId, whom) => {
    await keys.load([organizationId])
    const digest = 'email' in whom
      ? keys.digest(organizationId, 'recipient-email', whom.email.normalize('NFC').trim().toLowerCase())
      : keys.digest(organizationId, 'link-credential', whom.credentialId)
    const recipient = await find(organizationId, whom, digest)
    const { address: from } = currentContext()
    const subjects = {
      address: recipient?.digest ?? digest,
      ...(from !== undefined && { client: keys.digest(organizationId, 'link-client', from) }),
    }
    await database.transaction(async (tx) => {
      const isSent = await countLinkRequest(tx, organizationId, subjects, { at: now(), limits })
      if (isSent) await tx.addStep(sendRecipientLink, organizationId, uuidv7(), recipient?.digest ? { recipientId: recipient.id } : {})
    })
  }
}
