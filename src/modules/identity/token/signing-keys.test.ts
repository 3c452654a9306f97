import { decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { ask, clients, getToken, identityAlone, inDatabase, organizationWithToken, start, stop } from '../../../../test/identity/identity-alone.ts'
import { newSigningKey } from './signing-keys.ts'
import { publishedKeys, type SigningKeyDates, signingKeyOf, stateOf, successorIsDue } from './signing-key-rules.ts'

const day = 86_400_000
const now = new Date('2026-06-01T00:00:00Z')
const at = (days: number) => new Date(now.getTime() + days * day)
const key = (kid: string, activeFrom: number, more: Partial<SigningKeyDates> = {}): SigningKeyDates =>
  ({ kid, createdAt: at(activeFrom), activeFrom: at(activeFrom), retiredAt: null, withdrawnAt: null, ...more })
const kids = (keys: readonly SigningKeyDates[]) => keys.map(({ kid }) => kid)

describe('a key of access tokens', () => {
  const old = key('old', -90, { retiredAt: at(0.01) })
  const next = key('next', 0.01)

  it('is published before it signs, and after its successor does', () => {
    expect([stateOf(old, now), stateOf(next, now), signingKeyOf([old, next], now)?.kid]).toEqual(['signing', 'waiting', 'old'])
    expect(kids(publishedKeys([old, next], now))).toEqual(['old', 'next'])
    expect([stateOf(old, at(0.01)), signingKeyOf([old, next], at(0.01))?.kid]).toEqual(['retired', 'next'])
    expect(kids(publishedKeys([old, next], at(1)))).toEqual(['old', 'next'])
    expect(kids(publishedKeys([old, next], at(1.02)))).toEqual(['next'])
  })

  it('neither signs nor is published once it was withdrawn', () => {
    const withdrawn = { ...next, activeFrom: at(-1), withdrawnAt: at(0) }
    expect([signingKeyOf([withdrawn], now), publishedKeys([withdrawn], now)]).toEqual([undefined, []])
  })

  it('has a name that a command line does not take for an option', () => {
    const names = Array.from({ length: 500 }, () => newSigningKey().kid)
    expect(names.filter((name) => name.startsWith('-'))).toEqual([])
  })

  it('is followed after so many days, or never', () => {
    expect([90, 91, 0].map((days) => successorIsDue(old, now, days))).toEqual([true, false, false])
  })
})

describe('rotation', () => {
  identityAlone()
  const restart = async (environment: Record<string, string>) => {
    await stop()
    await start({ REVOCATION_POLL_MS: '100', ...environment })
  }
  const kidOf = (token: string) => decodeProtectedHeader(token).kid!
  const works = async (token: string) => (await ask('GET', '/v1/organization', { token })).status
  const states = async () => Object.fromEntries((await clients.tokenKeys({})).keys.map(({ kid, state }) => [kid, state]))

  it('refuses no token on its way, and changes the key', async () => {
    await restart({ TOKEN_KEY_LEAD_SECONDS: '1' })
    const { client, token: first } = await organizationWithToken()
    const tokenNow = async () => (await getToken(client.clientId, client.clientSecret)).json.access_token as string
    const [one, two] = await Promise.all([clients.rotateTokenKey({}), clients.rotateTokenKey({})])
    expect(two).toEqual(one)
    expect(await clients.rotateTokenKey({})).toEqual(one)
    expect((await ask('GET', '/oauth/jwks.json')).json.keys.map(({ kid }: { kid: string }) => kid)).toEqual([kidOf(first), one.kid])
    expect(kidOf(await tokenNow())).toBe(kidOf(first))
    for (let changed = false; !changed;) {
      const token = await tokenNow()
      expect(await works(token)).toBe(200)
      changed = kidOf(token) === one.kid
    }
    expect(await works(first)).toBe(200)
    expect((await ask('GET', '/oauth/jwks.json')).json.keys).toHaveLength(2)
    expect(await states()).toEqual({ [kidOf(first)]: 'retired', [one.kid]: 'signing' })
    const actions = inDatabase((db) => db.prepare(`select action from audit where action like 'signing-key.%' order by sequence`).pluck().all())
    expect(actions).toEqual(['signing-key.created', 'signing-key.created'])
  })

  it('voids the tokens of a withdrawn key, also those that were checked before, and goes on with another', async () => {
    await restart({})
    const { client, token } = await organizationWithToken()
    expect(await works(token)).toBe(200)
    const withdrawn = await clients.withdrawTokenKey({ kid: kidOf(token) })
    expect(await clients.withdrawTokenKey({ kid: kidOf(token) })).toEqual(withdrawn)
    await expect.poll(() => works(token), { timeout: 2_000, interval: 20 }).toBe(401)
    const next = (await getToken(client.clientId, client.clientSecret)).json.access_token as string
    expect(kidOf(next)).not.toBe(kidOf(token))
    await expect.poll(() => works(next), { timeout: 2_000, interval: 20 }).toBe(200)
    const headers = { authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}` }
    expect((await ask('POST', '/oauth/introspect', { headers, form: { token } })).json).toEqual({ active: false })
    expect((await ask('GET', '/oauth/jwks.json')).json.keys).toHaveLength(1)
    await expect(clients.withdrawTokenKey({ kid: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('goes on with the old key when the one that waits is withdrawn, and may begin anew', async () => {
    await restart({ TOKEN_KEY_LEAD_SECONDS: '600' })
    const { client, token } = await organizationWithToken()
    const waiting = await clients.rotateTokenKey({})
    await clients.withdrawTokenKey({ kid: waiting.kid })
    expect(await states()).toEqual({ [kidOf(token)]: 'signing', [waiting.kid]: 'withdrawn' })
    const other = await clients.rotateTokenKey({})
    await clients.withdrawTokenKey({ kid: kidOf(token) })
    expect(await states()).toMatchObject({ [kidOf(token)]: 'withdrawn', [other.kid]: 'signing' })
    expect(kidOf((await getToken(client.clientId, client.clientSecret)).json.access_token)).toBe(other.kid)
  })
})
