import type { IdentityContext } from '../identity-context.ts'
import { linkSeconds } from '../person/link-seconds.ts'
import type { AccountMails } from './account-mails.ts'

/** Mails a link that signs in who has it. */
export type SendLink = (to: { email: string; name: string; token: string; locale: string }) => Promise<void>

export const createLinkSender =
  ({ database, publicUrl, now }: Pick<IdentityContext, 'database' | 'publicUrl' | 'now'>, mails: AccountMails): SendLink =>
  async ({ email, name, token, locale }) => {
    const expiresAt = new Date(now().getTime() + linkSeconds * 1_000)
    const write = await mails.prepare({ kind: 'sign-in-link', email, name, locale, link: `${publicUrl}/sign-in/link/${token}`, expiresAt })
    await database.transaction(write)
  }
