import { z } from 'zod'
import { contract, DocumentLink, operation } from '#platform/contract.ts'
import { recipientOperations } from '#platform/recipient-operations.ts'

export const CredentialStatus = z.enum(['active', 'suspended', 'revoked', 'superseded', 'expired'])

export const ImageForm = z.enum(['preview', 'badge-png', 'badge-svg'])
export type ImageForm = z.infer<typeof ImageForm>

/** What a mail to a recipient says, beside the one that brings a certificate. */
export const RecipientMail = z.object({
  kind: z.enum(['link', 'erasure-refused']),
  email: z.string(),
  name: z.string(),
  /** BCP 47. */
  locale: z.string(),
  /** Of a link it opens something: whoever has it may use it until it expires. */
  link: z.string(),
  organizationName: z.string(),
  /** Of a refusal. */
  reason: z.string().optional(),
})
export type RecipientMail = z.infer<typeof RecipientMail>

/** What other modules, and the front door, may ask of issuance. */
export const issuance = contract('issuance', {
  ...recipientOperations,

  /** What the mail of `recipient-mail.requested` says; `gone` once its link is used or too old, or the recipient erased. */
  recipientMail: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ mailId: z.string() }),
    output: RecipientMail,
  }),
  /** The status as it is now; a revocation is visible here before it is acknowledged. */
  credentialStatus: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ credentialId: z.string() }),
    output: z.object({ status: CredentialStatus, changedAt: z.iso.datetime().optional() }),
  }),
  /** The PDF that is final at issue and carries the signed credential. */
  certificate: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ credentialId: z.string() }),
    output: DocumentLink,
  }),
  /**
   * A picture of an issued credential, made when it is first asked for. `preview`: the certificate on a ground of
   * 1200 by 630 pixels, a PNG file for link sharing. `badge-png`, `badge-svg`: the achievement's badge with the signed
   * credential baked in (Open Badges 3.0, 5.3). Throws `gone` once the recipient is erased.
   */
  image: operation({
    effect: 'read',
    // The first of a thread loads what draws it, and a whole page may ask at once.
    timeoutMs: 20_000,
    input: z.object({ credentialId: z.string(), form: ImageForm }),
    output: DocumentLink,
  }),
  /** The signed BitstringStatusListCredential with this id, as JSON text. */
  statusList: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ statusListId: z.string() }),
    output: z.object({ document: z.string() }),
  }),
  /** The DID document of an organization of this installation, as JSON text: retired keys stay in it. */
  didDocument: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ slug: z.string() }),
    output: z.object({ document: z.string() }),
  }),
  /**
   * Signs any JSON-LD document in the name of an organization that `VC_API` names: its DID is put in as issuer. Nothing is
   * stored; the same input gives the same bytes. Throws `Problem`: not-found for every other organization,
   * validation-failed for a document that no signature can cover.
   */
  signDocument: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({ slug: z.string().min(1).max(64), document: z.string(), created: z.iso.datetime() }),
    output: z.object({ document: z.string() }),
  }),
})
