import { z } from 'zod'
import { defineEvent } from '#platform/event.ts'

const message = z.object({ messageId: z.string(), credentialId: z.string(), channel: z.enum(['email']) })

/** Accepted by the receiving side. */
export const notificationDelivered = defineEvent({
  name: 'notification.delivered',
  version: 1,
  data: message,
  key: (data) => data.messageId,
})

/** Given up: the address refused it for good, or no attempt is left. */
export const notificationFailed = defineEvent({
  name: 'notification.failed',
  version: 1,
  data: message.extend({ reason: z.string() }),
  key: (data) => data.messageId,
})
