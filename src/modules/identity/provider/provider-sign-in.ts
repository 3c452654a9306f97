import type { Logger } from 'pino'
import type { Admission, Refusal } from './admission.ts'
import { type Flows } from './flows.ts'
import { ProviderFault } from './provider-fault.ts'
import { type Provider, type Providers, redirectUriOf } from './providers.ts'

/** What came of coming back from a provider. */
export type Return =
  | { readonly outcome: 'in'; readonly provider: Provider; readonly personId: string }
  | { readonly outcome: 'refused'; readonly provider: Provider; readonly refusal: Refusal }
  | { readonly outcome: 'fault'; readonly provider: Provider; readonly fault: ProviderFault }
  /** Used, too old, of another browser, of another organization, or of a provider that is no more. */
  | { readonly outcome: 'stale' }

/** Signing in by an organization's provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636). */
export interface ProviderSignIn {
  /** Throws `ProviderFault`. `browser` is for a cookie: whoever comes back must show it. */
  leave(provider: Provider): Promise<{ url: string; browser: string }>
  /** @param query what the provider sent, with the question mark */
  comeBack(organizationId: string, query: string, browser: string | undefined): Promise<Return>
}

export function createProviderSignIn(
  { publicUrl, log }: { readonly publicUrl: string; readonly log: Pick<Logger, 'warn'> },
  { providers, flows, admission }: { providers: Providers; flows: Flows; admission: Admission },
): ProviderSignIn {
  return {
    async leave(provider) {
      const { newSecrets } = await import('./openid.ts')
      const secrets = newSecrets()
      const open = await providers.open(provider)
      const url = await open.authorizationUrl(secrets, redirectUriOf(publicUrl, provider.organizationId))
      return { url, browser: await flows.begin(provider.id, secrets) }
    },

    async comeBack(organizationId, query, browser) {
      const [state, ...more] = new URLSearchParams(query).getAll('state')
      if (state === undefined || more.length > 0 || browser === undefined) return { outcome: 'stale' }
      const flow = await flows.take(state, browser)
      const provider = flow && (await providers.byId(flow.providerId))
      if (!provider || provider.organizationId !== organizationId) return { outcome: 'stale' }
      try {
        const open = await providers.open(provider)
        const claims = await open.claims(new URL(redirectUriOf(publicUrl, organizationId) + query), flow.secrets)
        const admitted = await admission.admit(provider, claims)
        if ('refusal' in admitted) return { outcome: 'refused', provider, refusal: admitted.refusal }
        return { outcome: 'in', provider, personId: admitted.personId }
      } catch (error) {
        if (!(error instanceof ProviderFault)) throw error
        log.warn({ provider: provider.id, organizationId, kind: error.kind, cause: codeOf(error.cause) }, error.message)
        return { outcome: 'fault', provider, fault: error }
      }
    },
  }
}

/** A library's code, which carries nothing of what was sent. */
const codeOf = (cause: unknown): unknown => (cause as { code?: unknown } | undefined)?.code
