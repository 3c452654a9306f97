import type { Installation } from '../installation.ts'

export const password = 'correct horse battery'

/** Somebody who is signed in, as a browser would be: with the cookie, and the Origin of a page of the installation. */
export interface SignedInMember {
  readonly memberId: string
  readonly email: string
  readonly headers: Readonly<Record<string, string>>
  /** A new access token for that organization. */
  token(): Promise<string>
}

type Asked = Pick<Installation, 'fetch' | 'cli' | 'publicUrl'>

/** Invites somebody by the command line, who accepts and signs in. */
export async function memberOf(installation: Asked, organization: string, role: string, name: string): Promise<SignedInMember> {
  const email = `${name}_${organization}@canary.example`
  const { status, stdout, stderr } = await installation.cli('member', 'invite', email, '--organization', organization, '--role', role, '--json')
  if (status !== 0) throw new Error(`The invitation failed: ${stderr}`)
  const { link } = JSON.parse(stdout) as { link: string }
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const response = await installation.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: installation.publicUrl, ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`POST ${path} answers ${response.status}: ${text}`)
    return { json: JSON.parse(text), cookie: response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ') }
  }
  await post('/v1/invitations/accept', { token: link.slice(link.lastIndexOf('/') + 1), name, password })
  const { json, cookie } = await post('/v1/session', { email, password })
  const headers = { cookie, origin: installation.publicUrl }
  const { id, member } = json.organizations[0]
  return {
    memberId: member, email, headers,
    token: async () => (await post('/v1/session/token', { organization: id }, headers)).json.access_token,
  }
}
