import { z } from 'zod'

/** Settings of notification, from the environment. */
export const notificationConfig = z.object({
  /** `smtp://user:password@host:587`, `smtps://…`. Absent: messages go as `.eml` files into `MAIL_DIR`. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** Outside `DATA_DIR`: these files name people in clear. */
  MAIL_DIR: z.string().default('./mail'),
  /** Absent: `no-reply@` the host of `PUBLIC_URL`. */
  MAIL_FROM: z.email().optional(),
  SMTP_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(8),
})
export type NotificationConfig = z.output<typeof notificationConfig>
