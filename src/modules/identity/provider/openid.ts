import * as client from 'openid-client'
import { z } from 'zod'
import { OutboundError, type SafeFetch } from '#platform/outbound/safe-fetch.ts'
import { oneLine } from '#platform/typed-text.ts'
import { EmailAddress } from '../contract.ts'
import { ProviderFault } from './provider-fault.ts'

export interface ProviderAddress {
  readonly issuer: string
  readonly clientId: string
  /** Absent where nothing but the provider's own documents are looked at. */
  readonly clientSecret?: string | undefined
}

export interface OpenIdOptions {
  readonly fetch: SafeFetch
  /** `host:port` that may be spoken to without TLS. */
  readonly privateHosts: readonly string[]
  readonly now: () => Date
}

/** What a provider says of itself, once it is known that we can work with it. */
export interface Discovered {
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly jwksUri: string
}

/** What is kept between leaving for a provider and coming back. */
export interface Secrets {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** Who a provider says somebody is. */
export interface Claims {
  /** `sub`: the same for ever, and nobody else's at this issuer. */
  readonly subject: string
  readonly email?: string
  /** The provider vouches that the address is theirs. */
  readonly emailVerified: boolean
  readonly name?: string
}

/** For everything that one request needs from a provider. */
const patienceMs = 8_000
const answerBytes = 262_144
/** How old an ID token may be, and how far a provider's clock may be ahead. */
const tokenAgeSeconds = 600
const aheadSeconds = 60

/** A provider by its discovery document (OpenID Connect Discovery 1.0), fetched anew. Throws `ProviderFault`. */
export async function openProvider(address: ProviderAddress, options: OpenIdOptions) {
  const signal = AbortSignal.timeout(patienceMs)
  const isPermitted = (url: URL) => url.protocol === 'https:' || (url.protocol === 'http:' && options.privateHosts.includes(url.host))
  const permitted = (text: string): URL => {
    const url = URL.parse(text)
    if (!url || !isPermitted(url)) throw new ProviderFault('unfit', 'Every address of the provider must begin with https://.')
    return url
  }

  const customFetch = async (text: string, request: client.CustomFetchOptions): Promise<Response> => {
    const { status, headers, body } = await options.fetch(permitted(text).href, {
      method: request.method === 'POST' ? 'POST' : 'GET',
      headers: request.headers,
      ...(request.body != null && { body: String(request.body) }),
      signal: request.signal ? AbortSignal.any([signal, request.signal]) : signal,
      timeoutMs: patienceMs,
      maxBytes: answerBytes,
    })
    return new Response(status === 204 || status === 304 ? null : Buffer.from(body), { status, headers })
  }

  const found = await asking(() =>
    client.discovery(permitted(address.issuer), address.clientId, undefined, client.None(), {
      [client.customFetch]: customFetch,
      timeout: patienceMs / 1_000,
      execute: [client.allowInsecureRequests],
    }))
  const { supportsPKCE: _, ...metadata } = found.serverMetadata()
  const discovered = fit(address.issuer, metadata, permitted)
  const config = new client.Configuration(metadata, address.clientId, address.clientSecret, authenticationOf(metadata, address.clientSecret))
  config[client.customFetch] = customFetch
  config.timeout = patienceMs / 1_000
  // Which of them may be without TLS, `permitted` says.
  client.allowInsecureRequests(config)
  // The ID token's signature is checked with the provider's keys, though it came from the token endpoint itself.
  client.enableNonRepudiationChecks(config)

  return {
    discovered,

    /** Whether its keys are there: what an ID token will be checked with. */
    async checkKeys(): Promise<void> {
      const answer = await asking(() => customFetch(discovered.jwksUri, { method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual', body: undefined }))
      const keys = z.object({ keys: z.array(z.object({ kty: z.string() })).min(1) }).safeParse(await answer.json().catch(() => undefined))
      if (answer.status !== 200 || !keys.success) throw new ProviderFault('unfit', 'The provider publishes no keys where its discovery document says.')
    },

    async authorizationUrl({ state, nonce, verifier }: Secrets, redirectUri: string): Promise<string> {
      return client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri, scope: 'openid email profile', state, nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }).href
    },

    /**
     * Redeems the code of an authorization response and checks the ID token: issuer, audience, `azp`, nonce, signature, times; and `iss` of
     * the response where there is one (RFC 9207).
     * @param response the redirect URI, with what the browser brought
     */
    async claims(response: URL, { state, nonce, verifier }: Secrets): Promise<Claims> {
      const tokens = await asking(() =>
        client.authorizationCodeGrant(config, response, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }))
      const idToken = tokens.claims()!
      const age = options.now().getTime() / 1_000 - idToken.iat
      if (idToken.azp !== undefined && idToken.azp !== address.clientId) throw new ProviderFault('invalid', 'The ID token is for another client.')
      if (age > tokenAgeSeconds || age < -aheadSeconds) throw new ProviderFault('invalid', 'The ID token is too old, or from the future.')
      if (idToken['email'] !== undefined || !metadata.userinfo_endpoint) return claimsOf(idToken.sub, idToken)
      // Checks that it is about the same subject.
      const about = await asking(() => client.fetchUserInfo(config, tokens.access_token, idToken.sub))
      return claimsOf(idToken.sub, { ...idToken, ...about })
    },
  }
}

export type OpenProvider = Awaited<ReturnType<typeof openProvider>>

export const newSecrets = (): Secrets => ({ state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() })

const callsItselfOtherwise = 'The provider calls itself otherwise: use its issuer exactly, and one that is for your organization alone.'

function fit(issuer: string, metadata: client.ServerMetadata, permitted: (text: string) => URL): Discovered {
  // An issuer for the customers of everybody ("common" of Entra ID) calls itself otherwise than it is called: that says nothing of whose people they are.
  if (URL.parse(metadata.issuer)?.href !== URL.parse(issuer)?.href) throw new ProviderFault('unfit', callsItselfOtherwise)
  const { authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint, jwks_uri: jwksUri } = metadata
  if (!authorizationEndpoint || !tokenEndpoint || !jwksUri) {
    throw new ProviderFault('unfit', 'The discovery document must name an authorization endpoint, a token endpoint and keys.')
  }
  for (const endpoint of [authorizationEndpoint, tokenEndpoint, jwksUri]) permitted(endpoint)
  const lacks = (offered: readonly unknown[] | undefined, needed: string) => offered !== undefined && !offered.includes(needed)
  if (lacks(metadata.response_types_supported, 'code')) throw new ProviderFault('unfit', 'The provider must offer the authorization code flow.')
  if (lacks(metadata.code_challenge_methods_supported, 'S256')) throw new ProviderFault('unfit', 'The provider must offer PKCE with S256.')
  const algorithms = metadata.id_token_signing_alg_values_supported
  if (algorithms && !algorithms.some((one) => /^(RS|PS|ES)\d|^EdDSA|^Ed25519/.test(one))) {
    throw new ProviderFault('unfit', 'The provider must sign ID tokens with a key pair, such as RS256.')
  }
  return { issuer: metadata.issuer, authorizationEndpoint, tokenEndpoint, jwksUri }
}

/** As the provider takes it; `client_secret_basic` where it does not say (OpenID Connect Discovery 1.0, section 3). */
function authenticationOf({ token_endpoint_auth_methods_supported: offered }: client.ServerMetadata, secret: string | undefined): client.ClientAuth {
  if (secret === undefined) return client.None()
  if (!offered || offered.includes('client_secret_basic')) return client.ClientSecretBasic(secret)
  if (offered.includes('client_secret_post')) return client.ClientSecretPost(secret)
  throw new ProviderFault('unfit', 'The provider must take a client secret: client_secret_basic or client_secret_post.')
}

const name = oneLine(100)

function claimsOf(subject: string, claims: Readonly<Record<string, unknown>>): Claims {
  const email = EmailAddress.safeParse(claims['email'])
  const called = name.safeParse(claims['name'])
  return {
    subject,
    ...(email.success && { email: email.data }),
    // `xms_edov` is what Entra ID says instead: the owner of the address's domain is verified.
    emailVerified: claims['email_verified'] === true || [true, 1, '1', 'true'].includes(claims['xms_edov'] as string),
    ...(called.success && { name: called.data }),
  }
}

/** Tells apart who does not answer, who refuses, and what is not right. */
async function asking<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof client.AuthorizationResponseError) throw new ProviderFault('denied', 'The provider let nobody in.', error)
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof ProviderFault) throw cause
      if (cause instanceof OutboundError) {
        if (cause.fault === 'refused' || cause.fault === 'too-large') throw new ProviderFault('unfit', cause.message, error)
        throw new ProviderFault('unreachable', 'The provider does not answer.', error)
      }
    }
    if (((error as Error).cause as { attribute?: unknown } | undefined)?.attribute === 'issuer') throw new ProviderFault('unfit', callsItselfOtherwise, error)
    const status = (error as { status?: number }).status ?? ((error as { cause?: unknown }).cause instanceof Response ? ((error as { cause: Response }).cause.status) : 0)
    if (status >= 500 || status === 429) throw new ProviderFault('unreachable', 'The provider does not answer.', error)
    if (error instanceof client.ResponseBodyError) throw new ProviderFault('invalid', `The provider refuses the code: ${error.error}.`, error)
    throw new ProviderFault('invalid', 'What the provider answers is not right.', error)
  }
}
