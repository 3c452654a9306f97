import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JWTPayload, SignJWT } from 'jose'
import { type Configuration, Provider } from 'oidc-provider'

/** Somebody who has an account at the provider, and what it says of them. */
export type Account = { sub: string, email?: string, email_verified?: boolean, name?: string }

/** Answers a request in the provider's place; false: it does so itself. */
export type Tamper = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>

/** A real OpenID provider on a port of its own: its pages sign in whoever `accounts` names, without a password. */
export type OpenIdProvider = {
  issuer: string
  /** `host:port`. */
  host: string
  clientId: string
  clientSecret: string
  /** By what is typed as login. */
  accounts: Map<string, Account>
  /** Asked before every answer. */
  tamper: Tamper | undefined
  /** An ID token with its own key, whatever it says. */
  sign(claims: JWTPayload): Promise<string>
  /** Follows a link to its authorization endpoint as a browser does: to the address that the provider sends back to. */
  signIn(url: string, login: string): Promise<string>
  stop(): Promise<void>
}

/**
 * `oidc-provider` on this machine.
 * @param options `inUserInfo`: name and address are told at the userinfo endpoint, and not in the ID token
 */
export async function startOpenIdProvider({ inUserInfo = false }: { inUserInfo?: boolean } = {}): Promise<OpenIdProvider> {
  const accounts = new Map<string, Account>()
  const [clientId, clientSecret] = ['vellum', randomBytes(24).toString('base64url')]
  let handle: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.end()
  const running = { tamper: undefined as Tamper | undefined }
  const server = createServer((request, response) => {
    void (async () => {
      if (!(await running.tamper?.(request, response))) handle(request, response)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `http://${host}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const redirects = new Set<string>()

  const configuration: Configuration = {
    clients: [],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'one' } as never] },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: inUserInfo,
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, userinfo: { enabled: true } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    async findAccount(_, id) {
      const account = [...accounts.values()].find(({ sub }) => sub === id)
      return account && { accountId: account.sub, claims: async () => account }
    },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ accountId: ctx.oidc.session!.accountId!, clientId: ctx.oidc.client!.clientId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    adapter: adapterWith(async (id) =>
      id === clientId
        ? { client_id: id, client_secret: clientSecret, redirect_uris: [...redirects], grant_types: ['authorization_code'], response_types: ['code'] }
        : undefined),
  }
  const provider = new Provider(issuer, configuration)
  const answer = provider.callback()
  handle = (request, response) => {
    const url = new URL(request.url!, issuer)
    // Whoever is sent here names where to come back to: this provider is nobody's but the test's.
    const back = url.pathname === '/auth' && url.searchParams.get('redirect_uri')
    if (back) redirects.add(back)
    if (!url.pathname.startsWith('/interaction/')) return void answer(request, response)
    if (!url.searchParams.has('login')) {
      response.setHeader('content-type', 'text/html')
      return void response.end('<!doctype html><title>Log in</title><form><label>Login <input name="login"></label><button>Log in</button></form>')
    }
    const account = accounts.get(url.searchParams.get('login')!)
    const result = account ? { login: { accountId: account.sub } } : { error: 'access_denied', error_description: 'nobody of this name' }
    void provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }

  return {
    issuer, host, clientId, clientSecret, accounts,
    get tamper() { return running.tamper },
    set tamper(tamper) { running.tamper = tamper },
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey),
    async signIn(url, login) {
      const cookies = new Map<string, string>()
      for (let at = url, hops = 0; hops < 10; hops++) {
        if (new URL(at).origin !== issuer) return at
        const response = await fetch(at, { redirect: 'manual', headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') } })
        for (const line of response.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
          cookies.set(name, value)
        }
        const location = response.headers.get('location')
        if (location) at = new URL(location, at).href
        else if (new URL(at).pathname.startsWith('/interaction/')) at = `${at}?login=${encodeURIComponent(login)}`
        else throw new Error(`The provider answers ${response.status}: ${await response.text()}`)
      }
      throw new Error('The provider sends in circles.')
    },
    stop: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

/** Everything in memory, and clients as they are at the moment. */
function adapterWith(findClient: (id: string) => Promise<object | undefined>) {
  const stored = new Map<string, Record<string, any>>()
  return (model: string) => {
    const key = (id: string) => `${model}:${id}`
    const by = async (field: string, value: string) => [...stored].find(([name, one]) => name.startsWith(`${model}:`) && one[field] === value)?.[1]
    return {
      upsert: async (id: string, payload: object) => void stored.set(key(id), { ...payload }),
      find: (id: string) => (model === 'Client' ? findClient(id) : Promise.resolve(stored.get(key(id)))) as Promise<any>,
      findByUserCode: (code: string) => by('userCode', code),
      findByUid: (uid: string) => by('uid', uid),
      destroy: async (id: string) => void stored.delete(key(id)),
      consume: async (id: string) => void Object.assign(stored.get(key(id))!, { consumed: Math.floor(Date.now() / 1_000) }),
      revokeByGrantId: async (grantId: string) => {
        for (const [name, one] of stored) if (one.grantId === grantId) stored.delete(name)
      },
    }
  }
}
