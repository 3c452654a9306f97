import { Problem } from '#platform/problem.ts'
import { remembered } from '#platform/remembered.ts'
import type { NotificationContext } from '../notification-context.ts'
import type { IssuerContact } from '../tables.ts'

export type IssuerContacts = (organizationId: string) => Promise<IssuerContact | undefined>

/** Where the recipients of an organization may turn to; at most a minute old. Undefined while identity does not answer: no mail waits for that. */
export function createIssuerContacts({ clients, now }: Pick<NotificationContext, 'clients' | 'now'>): IssuerContacts {
  const contacts = remembered<IssuerContact>(now)
  const ask = async (id: string): Promise<IssuerContact> => {
    const { slug, contactEmail } = await clients.identity.organization({ id })
    return { slug, ...(contactEmail !== undefined && { email: contactEmail }) }
  }
  return async (organizationId) => {
    try {
      return await contacts(organizationId, () => ask(organizationId))
    } catch (error) {
      if (error instanceof Problem) return undefined
      throw error
    }
  }
}
