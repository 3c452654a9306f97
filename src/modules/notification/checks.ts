import { createTransport } from 'nodemailer'
import { type Check, fail, ok, warn } from '#platform/check.ts'
import type { NotificationConfig } from './config.ts'

/** Whether mails can go out. Nothing is sent. */
export const notificationChecks = ({ SMTP_URL: url, MAIL_DIR: folder, MAIL_FROM: from }: NotificationConfig): Check[] => [
  {
    name: 'mail',
    async run() {
      if (url === undefined) return warn(`There is no SMTP_URL, so mails are written to ${folder} in clear and reach nobody; set SMTP_URL.`)
      const transport = createTransport({ url, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 5_000 } as Parameters<typeof createTransport>[0])
      try {
        await transport.verify()
      } catch (error) {
        const { responseCode, code } = error as { responseCode?: number; code?: string }
        return fail(`The mail server does not take us (${responseCode ?? code ?? 'no answer'}); check SMTP_URL: host, port, user and password.`)
      } finally {
        transport.close()
      }
      return from === undefined
        ? warn('The mail server answers, but mails come from no-reply@ the host of PUBLIC_URL; set MAIL_FROM to an address that SPF and DKIM cover.')
        : ok('The mail server answers.')
    },
  },
]
