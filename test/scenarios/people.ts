import assert from 'node:assert/strict'
import { browser } from './browser.ts'
import { expectProblem, expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { mailsTo } from './mails.ts'
import type { World } from './scenario.ts'
import { until } from './until.ts'

/** Of everybody who joins. */
export const password = 'a long enough sentence'

/** The token of the link that was mailed to somebody. */
export async function mailedToken({ installation }: World, email: string): Promise<string> {
  const mail = await until('the invitation is mailed', async () => (await mailsTo(installation.mailDir, email))[0])
  const [, token] = /\/invitations\/(\S+)/.exec(mail.text!) ?? []
  assert.ok(token !== undefined && mail.html && mail.html.includes(token), 'The mail has no link.')
  return token
}

/** Invited by the API, accepted by the mail, and signed in. */
export async function joined(world: World, issuer: Issuer, role: string, name: string) {
  const email = issuer.email(name.toLowerCase())
  expectStatus(await issuer.ask('POST', '/v1/invitations', { json: { email, role } }), 201)
  const browse = browser(world)
  const token = await mailedToken(world, email)
  const answer = expectStatus(await browse('POST', '/v1/invitations/accept', { token, name, password }), 201)
  assert.equal(answer.json.role, role)
  expectProblem(await browse('POST', '/v1/invitations/accept', { token, name, password }), 410, 'gone')
  const { organizations } = expectStatus(await browse('POST', '/v1/session', { email, password }), 201).json
  const tokenFor = async (organization: string) => browse('POST', '/v1/session/token', { organization })
  return { email, browse, memberId: organizations[0].member as string, tokenFor }
}
