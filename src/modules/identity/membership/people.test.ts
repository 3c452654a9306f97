import { describe, expect, it } from 'vitest'
import { ask, clients, filesWith, identityAlone, inDatabase } from '../../../../test/identity/identity-alone.ts'
import { browser, fromOurPage, member, organization, password, problem } from '../../../../test/identity/people.ts'
import { roles } from '../contract.ts'
import { scopesOf } from './roles.ts'

identityAlone()

describe('a person', () => {
  it('is invited, makes an account, signs in, and gets a token with exactly the scopes of the role', async () => {
    const { organizationId } = await organization()
    for (const role of roles) {
      const person = await member(organizationId, role, `A${role}`)
      const { status, json, headers } = await person.tokenFor()
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
      expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 600, role, organization: organizationId, scope: scopesOf(role).join(' ') })
      const [head, claims] = json.access_token.split('.').slice(0, 2).map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()))
      expect([head.typ, claims.sub, claims.org]).toEqual(['at+jwt', `person:${person.personId}`, organizationId])
      const seen = await ask('GET', '/v1/members', { token: json.access_token })
      expect([role, seen.status]).toEqual([role, ['owner', 'admin', 'reviewer'].includes(role) ? 200 : 403])
    }
  })

  it('acts under their own name in the audit', async () => {
    const { organizationId } = await organization()
    const owner = await member(organizationId, 'owner', 'Olive')
    await ask('PATCH', '/v1/organization', { token: await owner.token(), json: { name: 'Renamed' } })
    const actors = inDatabase((db) => db.prepare(`select actor from audit where action = 'organization.changed'`).all())
    expect(actors).toEqual([{ actor: `person:${owner.personId}` }])
  })

  it('lies nowhere in clear: neither name, address, password nor session', async () => {
    const { organizationId } = await organization()
    const zephyrine = await member(organizationId, 'viewer', 'Zephyrine')
    await clients.inviteMember({ organizationId, email: 'quill@canary.example', role: 'viewer' })
    const session = decodeURIComponent([...zephyrine.jar.values()][0]!).split('.')[0]!
    for (const secret of ['Zephyrine', 'zephyrine@', 'quill@', password, session]) expect([secret, filesWith(secret)]).toEqual([secret, []])
  })

  it('of several organizations chooses for which a token is', async () => {
    const first = await organization('one')
    const second = await organization('two')
    const person = await member(first.organizationId, 'admin', 'Ada')
    const { link } = await clients.inviteMember({ organizationId: second.organizationId, email: person.email, role: 'viewer' })
    const token = link.slice(link.lastIndexOf('/') + 1)
    expect(problem(await ask('POST', '/v1/invitations/accept', { headers: fromOurPage, json: { token, name: 'Ada', password } }))).toEqual([401, 'unauthenticated'])
    expect((await person.ask('POST', '/v1/invitations/accept', { json: { token } })).status).toBe(201)
    expect((await person.ask('GET', '/v1/session')).json.organizations).toMatchObject([{ slug: 'one', role: 'admin' }, { slug: 'two', role: 'viewer' }])
    expect((await person.tokenFor('two')).json).toMatchObject({ organization: second.organizationId, role: 'viewer' })
    const stranger = await organization('three')
    for (const foreign of [stranger.organizationId, 'three', 'no-such']) expect(problem(await person.tokenFor(foreign))).toEqual([404, 'not-found'])
  })
})

describe('an invitation', () => {
  it('works once, for its own address, until it is taken back', async () => {
    const { organizationId, token } = await organization()
    const invite = (email: string, role = 'viewer') => ask('POST', '/v1/invitations', { token, json: { email, role } })
    const first = await invite('Somebody@Example.org')
    expect([first.status, first.json]).toMatchObject([201, { email: 'somebody@example.org', role: 'viewer', state: 'pending' }])
    expect((await invite('somebody@example.org')).json.id).toBe(first.json.id)
    const other = await invite('somebody@example.org', 'issuer')
    expect(other.json.id).not.toBe(first.json.id)
    const { json } = await ask('GET', '/v1/invitations', { token })
    expect(json.invitations.map(({ state }: any) => state)).toEqual(['pending', 'revoked'])
    const { link } = await clients.inviteMember({ organizationId, email: 'somebody@example.org', role: 'issuer' })
    const proof = link.slice(link.lastIndexOf('/') + 1)
    const accept = (more = {}) => ask('POST', '/v1/invitations/accept', { headers: fromOurPage, json: { token: proof, name: 'S', password, ...more } })
    expect(problem(await accept({ token: `${first.json.id}.${proof.split('.')[1]}` }))).toEqual([410, 'gone'])
    expect(problem(await accept({ password: 'short' }))).toEqual([422, 'validation-failed'])
    const both = await Promise.all([accept(), accept()])
    expect(both.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1)
    expect(problem(await accept())).toEqual([410, 'gone'])
    expect(problem(await ask('DELETE', `/v1/invitations/${other.json.id}`, { token }))).toEqual([409, 'state-refused'])
    expect(problem(await invite('somebody@example.org', 'admin'))).toEqual([409, 'already-exists'])
    const third = await invite('third@example.org')
    expect((await ask('DELETE', `/v1/invitations/${third.json.id}`, { token })).json.state).toBe('revoked')
    await expect(clients.accountMail({ mailId: third.json.id })).rejects.toMatchObject({ code: 'gone' })
  })

  it('is of no use to who is signed in with another address', async () => {
    const { organizationId } = await organization()
    const person = await member(organizationId, 'viewer', 'Vera')
    const { link } = await clients.inviteMember({ organizationId, email: 'owner@canary.example', role: 'owner' })
    expect(problem(await person.ask('POST', '/v1/invitations/accept', { json: { token: link.slice(link.lastIndexOf('/') + 1) } }))).toEqual([403, 'forbidden'])
  })

  it('gives no role that permits more than who invites may do', async () => {
    const { organizationId } = await organization()
    const admin = await member(organizationId, 'admin', 'Ann')
    const token = await admin.token()
    const invite = (role: string) => ask('POST', '/v1/invitations', { token, json: { email: 'x@example.org', role } })
    expect(problem(await invite('owner'))).toEqual([403, 'forbidden'])
    expect((await invite('admin')).status).toBe(201)
  })
})

describe('members', () => {
  it('change roles, and what the old role had got is void', async () => {
    const { organizationId } = await organization()
    const owner = await member(organizationId, 'owner', 'Olive')
    const issuer = await member(organizationId, 'issuer', 'Ian')
    const old = await issuer.token()
    const grant = JSON.parse(Buffer.from(old.split('.')[1]!, 'base64url').toString()).client_id
    expect((await ask('PATCH', `/v1/members/${issuer.memberId}`, { token: await owner.token(), json: { role: 'viewer' } })).json.role).toBe('viewer')
    expect((await clients.revocations({})).clients).toContain(grant)
    const { json } = await issuer.tokenFor()
    expect(json.scope).toBe(scopesOf('viewer').join(' '))
    expect((await clients.revocations({})).clients).toHaveLength(1)
  })

  it('that are removed or disabled are signed out at once, and their tokens are void', async () => {
    const { organizationId } = await organization()
    const owner = await member(organizationId, 'owner', 'Olive')
    const [one, two] = [await member(organizationId, 'viewer', 'One'), await member(organizationId, 'viewer', 'Two')]
    const token = await owner.token()
    await Promise.all([one.token(), two.token()])
    expect((await ask('DELETE', `/v1/members/${one.memberId}`, { token })).status).toBe(200)
    expect((await ask('PATCH', `/v1/members/${two.memberId}`, { token, json: { disabled: true } })).json).toHaveProperty('disabledAt')
    for (const person of [one, two]) expect(problem(await person.ask('GET', '/v1/session'))).toEqual([401, 'unauthenticated'])
    expect((await clients.revocations({})).clients).toHaveLength(2)
    expect((await two.ask('POST', '/v1/session', { json: { email: two.email, password } })).json.organizations).toEqual([])
    expect((await ask('PATCH', `/v1/members/${two.memberId}`, { token, json: { disabled: false } })).json).not.toHaveProperty('disabledAt')
    expect((await two.tokenFor()).status).toBe(200)
  })

  it('never lose the last owner, however many try at once', async () => {
    const { organizationId, token } = await organization()
    const [one, two] = [await member(organizationId, 'owner', 'One'), await member(organizationId, 'owner', 'Two')]
    const answers = await Promise.all([
      ask('DELETE', `/v1/members/${one.memberId}`, { token }),
      ask('PATCH', `/v1/members/${two.memberId}`, { token, json: { role: 'admin' } }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const owners = (await ask('GET', '/v1/members', { token })).json.members.filter((m: any) => m.role === 'owner')
    expect(owners).toHaveLength(1)
    for (const change of [{ role: 'viewer' }, { disabled: true }]) {
      expect(problem(await ask('PATCH', `/v1/members/${owners[0].id}`, { token, json: change }))).toEqual([409, 'state-refused'])
    }
  })

  it('below an owner touch no owner', async () => {
    const { organizationId } = await organization()
    const [owner, admin] = [await member(organizationId, 'owner', 'Olive'), await member(organizationId, 'admin', 'Ann')]
    await member(organizationId, 'owner', 'Other')
    const token = await admin.token()
    expect(problem(await ask('DELETE', `/v1/members/${owner.memberId}`, { token }))).toEqual([403, 'forbidden'])
    expect(problem(await ask('PATCH', `/v1/members/${admin.memberId}`, { token, json: { role: 'owner' } }))).toEqual([403, 'forbidden'])
  })
})

describe('a session', () => {
  it('is listed, and ends where and when its person says', async () => {
    const { organizationId } = await organization()
    const person = await member(organizationId, 'viewer', 'Vera')
    const elsewhere = browser()
    await elsewhere.ask('POST', '/v1/session', { json: { email: person.email, password }, headers: { 'user-agent': 'Telephone' } })
    const { sessions } = (await person.ask('GET', '/v1/sessions')).json
    expect(sessions).toMatchObject([{ current: false, userAgent: 'Telephone' }, { current: true }])
    expect((await person.ask('DELETE', `/v1/sessions/${sessions[0].id}`)).status).toBe(200)
    expect((await elsewhere.ask('GET', '/v1/session')).status).toBe(401)
    const stranger = await member(organizationId, 'viewer', 'Stranger')
    expect(problem(await stranger.ask('DELETE', `/v1/sessions/${sessions[1].id}`))).toEqual([404, 'not-found'])
    await person.token()
    const cookie = [...person.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    expect((await person.ask('DELETE', '/v1/session')).status).toBe(200)
    expect(person.jar.size).toBe(0)
    expect((await ask('GET', '/v1/session', { headers: { cookie } })).status).toBe(401)
    expect((await clients.revocations({})).clients).toHaveLength(2)
  })

  it('is not begun, used or ended by another site', async () => {
    const { organizationId } = await organization()
    const person = await member(organizationId, 'owner', 'Olive')
    const session = { json: { email: person.email, password } }
    const foreign: Record<string, string>[] = [{ origin: 'https://evil.example' }, { origin: 'null' }, { origin: '' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]
    for (const headers of foreign) {
      expect(problem(await person.ask('POST', '/v1/session', { ...session, headers }))).toEqual([403, 'forbidden'])
      expect(problem(await person.ask('POST', '/v1/session/token', { json: { organization: organizationId }, headers }))).toEqual([403, 'forbidden'])
      expect(problem(await person.ask('DELETE', '/v1/session', { headers }))).toEqual([403, 'forbidden'])
    }
    expect((await person.ask('GET', '/v1/session')).status).toBe(200)
  })

  it('tells nobody whether an address has an account, and holds back who guesses', async () => {
    const { organizationId } = await organization()
    const person = await member(organizationId, 'viewer', 'Vera')
    const attempt = (email: string, word = 'wrong wrong wrong') => ask('POST', '/v1/session', { headers: fromOurPage, json: { email, password: word } })
    const known = await attempt(person.email)
    expect(problem(known)).toEqual([401, 'unauthenticated'])
    expect((await attempt('nobody@canary.example')).json).toEqual(known.json)
    const rest = await Promise.all(Array.from({ length: 12 }, () => attempt(person.email)))
    expect(rest.filter(({ status }) => status === 429)).toHaveLength(3)
    const refused = await attempt(person.email, password)
    expect([problem(refused), Number(refused.headers.get('retry-after')) > 800]).toEqual([[429, 'rate-limited'], true])
  })
})
