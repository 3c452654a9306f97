import { z } from 'zod'
import { defineEvent } from '#platform/event.ts'

/** An organization exists and has its data key. */
export const organizationCreated = defineEvent({
  name: 'organization.created',
  version: 1,
  data: z.object({ organizationId: z.string(), slug: z.string(), name: z.string() }),
  key: (data) => data.organizationId,
})

/** What is public about an organization changed: the whole of it as it is now. */
export const organizationChanged = defineEvent({
  name: 'organization.changed',
  version: 1,
  data: z.object({
    organizationId: z.string(),
    slug: z.string(),
    name: z.string(),
    url: z.string().optional(),
    defaultLocale: z.string(),
  }),
  key: (data) => data.organizationId,
})

/**
 * A recipient's data key is destroyed. Whoever hears this drops the key from memory, deletes digests and files of that
 * recipient, and keeps only what proves nothing about a person.
 */
export const recipientErased = defineEvent({
  name: 'recipient.erased',
  version: 1,
  data: z.object({ recipientId: z.string() }),
  key: (data) => data.recipientId,
})

/**
 * A mail to a person who signs in is to be sent. What it says is asked for by `accountMail` when it goes out: neither a name nor
 * a link stands in an event.
 */
export const mailRequested = defineEvent({
  name: 'mail.requested',
  version: 1,
  data: z.object({ mailId: z.string() }),
  key: (data) => data.mailId,
})
