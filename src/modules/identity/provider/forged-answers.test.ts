import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { identityAlone, inDatabase } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, member, organization } from '../../../../test/identity/people.ts'
import { account, leave, organizationWithProvider, pathOf, provider, settings, withProvider } from '../../../../test/identity/with-provider.ts'
import { startOpenIdProvider } from '../../../../test/servers/openid-provider.ts'

identityAlone()
withProvider()

let organizationId: string
beforeEach(async () => {
  ;({ organizationId } = await organizationWithProvider())
  await member(organizationId, 'viewer', 'Vera')
})

/** The token endpoint answers with this ID token. */
function answerWith(idToken: (claims: JWTPayload) => Promise<string> | string, nonce: string): void {
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss: provider.issuer, aud: provider.clientId, sub: 'sub-vera', nonce, iat: now, exp: now + 300, email: 'vera@canary.example', email_verified: true }
  provider.tamper = async (request, response) => {
    if (request.url !== '/token') return false
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token: await idToken(claims) }))
    return true
  }
}

/** Somebody comes back with a code, and the token endpoint answers so. */
async function comeBackWith(idToken: (claims: JWTPayload) => Promise<string> | string) {
  const vera = browser()
  const url = await leave(vera, 'acme')
  const back = await provider.signIn(url, account('vera'))
  answerWith(idToken, new URL(url).searchParams.get('nonce')!)
  const answer = await vera.ask('GET', pathOf(back))
  provider.tamper = undefined
  return { vera, answer }
}

const nobodyIn = async (vera: Browser) => expect((await vera.ask('GET', '/v1/session')).status).toBe(401)
const now = () => Math.floor(Date.now() / 1_000)

describe('an ID token', () => {
  it('that is right lets in: the forgeries below differ in one thing', async () => {
    const { answer } = await comeBackWith((claims) => provider.sign(claims))
    expect(answer.status).toBe(303)
    const several = await comeBackWith((claims) => provider.sign({ ...claims, aud: [provider.clientId, 'other'], azp: provider.clientId }))
    expect(several.answer.status).toBe(303)
  })

  const without = (left: string) => (claims: JWTPayload): JWTPayload => Object.fromEntries(Object.entries(claims).filter(([name]) => name !== left))
  const changes: Record<string, (claims: JWTPayload) => JWTPayload> = {
    'another nonce': (claims) => ({ ...claims, nonce: 'another' }),
    'no nonce': without('nonce'),
    'another issuer': (claims) => ({ ...claims, iss: 'https://evil.example' }),
    'another client as audience': (claims) => ({ ...claims, aud: 'another' }),
    'several audiences, made for another': (claims) => ({ ...claims, aud: [provider.clientId, 'another'], azp: 'another' }),
    'several audiences, made for nobody': (claims) => ({ ...claims, aud: [provider.clientId, 'another'] }),
    'one audience, made for another': (claims) => ({ ...claims, azp: 'another' }),
    'an end that is past': (claims) => ({ ...claims, iat: now() - 500, exp: now() - 120 }),
    'no end': without('exp'),
    'no time of issue': without('iat'),
    'an old time of issue': (claims) => ({ ...claims, iat: now() - 700 }),
    'a time of issue to come': (claims) => ({ ...claims, iat: now() + 200, exp: now() + 500 }),
    'no subject': without('sub'),
  }
  it.each(Object.entries(changes))('with %s lets nobody in', async (_, change) => {
    const { vera, answer } = await comeBackWith((claims) => provider.sign(change(claims)))
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('could not be believed')])
    await nobodyIn(vera)
  })

  it('that the provider did not sign lets nobody in', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const jwk = await exportJWK(publicKey)
    const forgeries: ((claims: JWTPayload) => Promise<string> | string)[] = [
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey),
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', jwk }).sign(privateKey),
      (claims) => new UnsecuredJWT(claims).encode(),
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(provider.clientSecret)),
      async (claims) => `${(await provider.sign(claims)).split('.').slice(0, 2).join('.')}.`,
      async (claims) => (await provider.sign(claims)).replace(/[^.]+$/, (signature) => [...signature].reverse().join('')),
      () => '',
    ]
    for (const forgery of forgeries) {
      const { vera, answer } = await comeBackWith(forgery)
      expect(answer.status).toBe(401)
      await nobodyIn(vera)
    }
  })
})

describe('an authorization response', () => {
  const returning = async (change: (back: URL) => void) => {
    const vera = browser()
    const back = new URL(await provider.signIn(await leave(vera, 'acme'), account('vera')))
    change(back)
    const answer = await vera.ask('GET', pathOf(back.href))
    if (answer.status !== 303) await nobodyIn(vera)
    return answer.status
  }

  it('must name its issuer, and be of the one that was asked (RFC 9207)', async () => {
    expect(await returning(() => {})).toBe(303)
    expect(await returning((back) => back.searchParams.set('iss', 'https://evil.example'))).toBe(401)
    expect(await returning((back) => back.searchParams.delete('iss'))).toBe(401)
  })

  it('must have its own state, once, and a code that is its own', async () => {
    expect(await returning((back) => back.searchParams.set('state', 'another'))).toBe(410)
    expect(await returning((back) => back.searchParams.append('state', back.searchParams.get('state')!))).toBe(410)
    expect(await returning((back) => back.searchParams.delete('state'))).toBe(410)
    expect(await returning((back) => back.searchParams.delete('code'))).toBe(401)
    expect(await returning((back) => back.searchParams.set('code', 'another'))).toBe(401)
  })

  it('is of no use with a code of somebody else, which another verifier belongs to', async () => {
    const [victim, thief] = [browser(), browser()]
    const stolen = new URL(await provider.signIn(await leave(victim, 'acme'), account('vera')))
    const own = new URL(await provider.signIn(await leave(thief, 'acme'), account('thief')))
    own.searchParams.set('code', stolen.searchParams.get('code')!)
    expect((await thief.ask('GET', pathOf(own.href))).status).toBe(401)
    await nobodyIn(thief)
  })

  it('of one organization’s provider is none of another’s, at its own address or the other’s', async () => {
    const evil = await startOpenIdProvider()
    try {
      const second = await organization('second')
      const mallory = await member(second.organizationId, 'owner', 'Mallory')
      const { status } = await mallory.ask('PUT', '/v1/organization/sign-in', { token: await mallory.token(), json: { ...settings(), issuer: evil.issuer, clientSecret: evil.clientSecret } })
      // It is not among those that may be private.
      expect(status).toBe(422)
      const ok = await mallory.ask('PUT', '/v1/organization/sign-in', { token: await mallory.token(), json: settings() })
      expect(ok.status).toBe(200)
      const vera = browser()
      const back = pathOf(await provider.signIn(await leave(vera, 'second'), account('vera')))
      const moved = back.replace(second.organizationId, organizationId)
      expect(moved).not.toBe(back)
      expect((await vera.ask('GET', moved)).status).toBe(410)
      await nobodyIn(vera)
      // The same person of the same provider, yet the link is of one organization.
      const other = browser()
      expect((await other.ask('GET', pathOf(await provider.signIn(await leave(other, 'second'), 'vera')))).status).toBe(403)
      await nobodyIn(other)
    } finally {
      await evil.stop()
    }
  })
})

describe('a provider that is down', () => {
  it('is told on a page, and other ways of signing in go on', async () => {
    const vera = browser()
    const back = pathOf(await provider.signIn(await leave(vera, 'acme'), account('vera')))
    provider.tamper = (_, response) => {
      response.writeHead(503).end()
      return true
    }
    expect((await browser().ask('POST', '/sign-in/organization', { form: { organization: 'acme' } })).status).toBe(503)
    const answer = await vera.ask('GET', back)
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining('does not answer at the moment')])
    expect((await vera.ask('GET', '/v1/session')).status).toBe(401)
    const { status } = await vera.ask('POST', '/v1/session', { json: { email: 'vera@canary.example', password: 'correct horse battery' } })
    expect(status).toBe(201)
  })

  it('that answers at a drip, at length or by a redirect keeps nobody waiting for more than ten seconds', async () => {
    const leaving = async () => {
      const from = Date.now()
      const { status } = await browser().ask('POST', '/sign-in/organization', { form: { organization: 'acme' } })
      return { status, seconds: (Date.now() - from) / 1_000 }
    }
    provider.tamper = () => true
    const slow = await leaving()
    expect(slow.status).toBe(503)
    expect(slow.seconds).toBeLessThan(10)
    provider.tamper = (_, response) => {
      response.end(Buffer.alloc(300_000, ' '))
      return true
    }
    expect((await leaving()).status).toBe(503)
    let asked = 0
    provider.tamper = (_, response) => {
      asked++
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
      return true
    }
    expect((await leaving()).status).toBe(503)
    expect(asked).toBe(1)
    expect(inDatabase((db) => db.prepare('select count(*) from sign_in_flows').pluck().get())).toBe(0)
  }, 30_000)
})
