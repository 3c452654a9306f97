import { z } from 'zod'
import { contract, DocumentLink, operation } from '#platform/contract.ts'

export const CredentialStatus = z.enum(['active', 'suspended', 'revoked', 'superseded', 'expired'])

/** What other modules may ask of issuance. */
export const issuance = contract('issuance', {
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
})
