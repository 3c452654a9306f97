import { assertionType } from '../client/client-assertion.ts'
import { OAuthError } from './oauth-error.ts'

export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

/**
 * The parameters of a form (RFC 6749, section 3.2): each at most once, those without a value left out.
 * @throws {OAuthError} `invalid_request`
 */
export function parseForm(contentType: string | undefined, body: string): ReadonlyMap<string, string> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? '')) {
    throw new OAuthError('invalid_request', 'Send the parameters as application/x-www-form-urlencoded.')
  }
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(body)) {
    if (/[\0-\x1f\x7f]/.test(value)) throw new OAuthError('invalid_request', 'Send parameters without control characters.')
    if (parameters.has(name)) throw new OAuthError('invalid_request', 'Send each parameter only once.')
    parameters.set(name, value)
  }
  return new Map([...parameters].filter(([, value]) => value !== ''))
}

/**
 * The assertion of `private_key_jwt` (RFC 7523, section 2.2); undefined when the client authenticates otherwise.
 * @throws {OAuthError} `invalid_request` with a second way beside it, or an unknown type
 */
export function clientAssertion(authorization: string | undefined, form: ReadonlyMap<string, string>): string | undefined {
  const [assertion, type] = [form.get('client_assertion'), form.get('client_assertion_type')]
  if (assertion === undefined && type === undefined) return undefined
  if (assertion === undefined || type !== assertionType) {
    throw new OAuthError('invalid_request', `Send client_assertion with client_assertion_type ${assertionType}`)
  }
  if (authorization === undefined && !form.has('client_secret')) return assertion
  throw new OAuthError('invalid_request', 'Authenticate in one way only.')
}

/**
 * The client's credentials, by `client_secret_basic` or `client_secret_post`, never both (RFC 6749, section 2.3.1).
 * @throws {OAuthError} `invalid_client` without any, `invalid_request` with two ways at once
 */
export function clientCredentials(authorization: string | undefined, form: ReadonlyMap<string, string>): ClientCredentials {
  const basic = authorization === undefined ? undefined : parseBasic(authorization)
  const [clientId, clientSecret] = [form.get('client_id'), form.get('client_secret')]
  if (!basic) {
    if (clientId && clientSecret) return { clientId, clientSecret }
    throw new OAuthError('invalid_client', 'Authenticate with client_id and client_secret, in the Authorization header or in the body.')
  }
  if (clientSecret !== undefined || (clientId !== undefined && clientId !== basic.clientId)) {
    throw new OAuthError('invalid_request', 'Authenticate in the Authorization header or in the body, not in both.')
  }
  return basic
}

/** Both parts were form-encoded before they were joined, which matters for secrets with special characters. */
function parseBasic(authorization: string): ClientCredentials {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1]
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? []
  const clientId = formDecode(id)
  const clientSecret = formDecode(secret)
  if (clientId && clientSecret) return { clientId, clientSecret }
  throw new OAuthError('invalid_client', 'The Authorization header is not a Basic one with a client id and a secret.')
}

function formDecode(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/**
 * The scopes that a token gets: what was asked for, all of it permitted, or everything that the client may.
 * @throws {OAuthError} `invalid_scope`
 */
export function grantedScopes<S extends string>(asked: string | undefined, permitted: readonly S[]): S[] {
  if (asked === undefined) return [...permitted]
  const wanted = [...new Set(asked.split(' ').filter(Boolean))]
  const granted = permitted.filter((scope) => wanted.includes(scope))
  if (wanted.length > 0 && granted.length === wanted.length) return granted
  throw new OAuthError('invalid_scope', `Ask for scopes that this client has: ${permitted.join(' ')}`)
}
