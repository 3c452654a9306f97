/** RFC 6749, section 5.2: the codes, each with its status. */
const statuses = {
  invalid_request: 400,
  invalid_client: 401,
  unsupported_grant_type: 400,
  invalid_scope: 400,
} as const

export type OAuthErrorCode = keyof typeof statuses

/** A refusal of the OAuth endpoints, which answer in OAuth's own form and not as a problem document. */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode
  /** @param description one sentence in printable ASCII without quotes or backslashes, as the RFC asks */
  constructor(code: OAuthErrorCode, description: string) {
    super(description)
    this.name = 'OAuthError'
    this.code = code
  }
}

export function oauthErrorResponse({ code, message }: OAuthError): Response {
  const headers: Record<string, string> = { 'cache-control': 'no-store', pragma: 'no-cache' }
  if (code === 'invalid_client') headers['www-authenticate'] = 'Basic realm="oauth", charset="UTF-8"'
  return Response.json({ error: code, error_description: message }, { status: statuses[code], headers })
}
