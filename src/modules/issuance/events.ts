import { z } from 'zod'
import { defineEvent } from '#platform/event.ts'

/**
 * All versions of one credential share a public id, and so one order: the family `credential`, keyed by public id.
 * `credentialId` names one version.
 */
const version = z.object({ credentialId: z.string(), publicId: z.string(), recipientId: z.string() })

/** Signed and printed: final. Sealed with the recipient's key, because it names a person. */
export const credentialIssued = defineEvent({
  name: 'credential.issued',
  version: 1,
  data: version.extend({
    /** UUID of the credential's own address, `{PUBLIC_URL}/credentials/{documentId}`. */
    documentId: z.string(),
    batchId: z.string().optional(),
    /** The signed credential, byte for byte as it is served. */
    document: z.string(),
    recipientName: z.string(),
    recipientEmail: z.string(),
    /** BCP 47 tag, for the mail and the page. */
    locale: z.string(),
    achievementName: z.string(),
    issuerName: z.string(),
    issuedAt: z.iso.datetime(),
    /** Issued by an instance on plain http. */
    test: z.boolean(),
    /** 32 random bytes, base64url: hides the credential's leaf in the log. */
    salt: z.string(),
    /** Whether the recipient is to be told by e-mail. */
    notify: z.boolean(),
  }),
  key: (data) => data.publicId,
  subject: (data) => data.recipientId,
})

const statusChange = version.extend({ at: z.iso.datetime(), reason: z.string().max(200).optional() })

/** For ever. */
export const credentialRevoked = defineEvent({
  name: 'credential.revoked',
  version: 1,
  data: statusChange,
  key: (data) => data.publicId,
})

export const credentialSuspended = defineEvent({
  name: 'credential.suspended',
  version: 1,
  data: statusChange,
  key: (data) => data.publicId,
})

/** A suspension was lifted. */
export const credentialReinstated = defineEvent({
  name: 'credential.reinstated',
  version: 1,
  data: statusChange,
  key: (data) => data.publicId,
})

/** Every record of the batch is issued, was there already, was refused, or is visibly dead. */
export const batchFinished = defineEvent({
  name: 'batch.finished',
  version: 1,
  data: z.object({
    batchId: z.string(),
    rows: z.number().int(),
    created: z.number().int(),
    existing: z.number().int(),
    refused: z.number().int(),
  }),
  key: (data) => data.batchId,
})

/**
 * A mail to a recipient is to be sent. What it says is asked for by `recipientMail` when it goes out: neither an address nor a link
 * stands in an event.
 */
export const recipientMailRequested = defineEvent({
  name: 'recipient-mail.requested',
  version: 1,
  data: z.object({ mailId: z.string(), recipientId: z.string() }),
  key: (data) => data.mailId,
  subject: (data) => data.recipientId,
})
