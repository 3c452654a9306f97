import { vi } from 'vitest'
import type { MailKind } from '#modules/identity/contract.ts'
import { ask, clients, inDatabase, organizationWithToken, publicUrl, type Question } from './identity-alone.ts'

export const password = 'correct horse battery'
/** What a browser says of a page of ours. */
export const fromOurPage = { origin: publicUrl }

/** A person in a browser: keeps cookies. */
export function browser() {
  const jar = new Map<string, string>()
  const send = async (method: string, path: string, question: Question = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...fromOurPage, ...(cookie && { cookie }), ...question.headers }
    const answer = await ask(method, path, { ...question, headers })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }
  return { ask: send, jar }
}

export type Browser = ReturnType<typeof browser>

/** Invited, accepted and signed in. */
export async function member(organizationId: string, role: 'owner' | 'admin' | 'issuer' | 'reviewer' | 'viewer', name: string) {
  const email = `${name.toLowerCase()}@canary.example`
  const { link } = await clients.inviteMember({ organizationId, email, role })
  const person = browser()
  const token = link.slice(link.lastIndexOf('/') + 1)
  const accepted = await person.ask('POST', '/v1/invitations/accept', { json: { token, name, password } })
  if (accepted.status !== 201) throw new Error(`Accepting answers ${accepted.status}: ${accepted.text}`)
  const signedIn = await person.ask('POST', '/v1/session', { json: { email, password } })
  if (signedIn.status !== 201) throw new Error(`Signing in answers ${signedIn.status}: ${signedIn.text}`)
  const { id, member: memberId } = { id: signedIn.json.person.id as string, member: signedIn.json.organizations[0].member as string }
  const tokenFor = async (organization = organizationId) => person.ask('POST', '/v1/session/token', { json: { organization } })
  return { ...person, email, personId: id, memberId, tokenFor, token: async () => (await tokenFor()).json.access_token as string }
}

export const organization = organizationWithToken

/** Its status and type, as far as there is one. */
export const problem = (answer: { status: number; json: any }) => [answer.status, answer.json?.type?.split(':').at(-1)]

/** The clock of this process stands so much later, until `vi.useRealTimers()`. */
export function later(minutes: number): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + minutes * 60_000)
}

/** What mails of a kind say, in the order of what they are about. */
export async function mailsOf(kind: MailKind) {
  const rows = inDatabase((db) => db.prepare('select id from account_mails where kind = ? order by id').all(kind)) as { id: string }[]
  return Promise.all(rows.map(({ id }) => clients.accountMail({ mailId: id })))
}
