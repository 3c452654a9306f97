import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { cookiePrefix } from '#platform/http/session-cookie.ts'
import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { Organizations } from '../organization/organizations.ts'
import { domainOf } from '../provider/admission.ts'
import { flowSeconds } from '../provider/flows.ts'
import { ProviderFault } from '../provider/provider-fault.ts'
import type { ProviderSignIn } from '../provider/provider-sign-in.ts'
import type { Provider, Providers } from '../provider/providers.ts'
import type { SessionCookies } from '../session/signed-in.ts'
import { answer, type C, languageOf, postedTo, to } from './page-kit.ts'
import { chooseOrganizationPage, leavePage, notInPage } from './provider-page.ts'
import { type NotIn, providerWords } from './provider-words.ts'

export interface ProviderPageParts {
  readonly publicUrl: string
  readonly sessionCookies: SessionCookies
  readonly organizations: Organizations
  readonly providers: Providers
  readonly providerSignIn: ProviderSignIn
}

/** To sign in by an organization's provider: choose it, see where it leads, go there, and come back. */
export function providerPages(app: PublicApp, { publicUrl, sessionCookies, organizations, providers, providerSignIn }: ProviderPageParts): void {
  const posted = postedTo(app, publicUrl)
  const page = (c: C) => ({ language: languageOf(c), nonce: pageNonce(c) })
  const cookie = `${cookiePrefix(publicUrl)}.provider`
  // Lax: the way back is a link of the provider's, to be followed with it.
  const cookieOptions = { path: '/', httpOnly: true, sameSite: 'Lax', secure: publicUrl.startsWith('https:') } as const
  const notIn = (c: C, reason: NotIn, status: 401 | 403 | 410 | 503) => answer(c, notInPage({ ...page(c), reason }), status)

  /** By the short name; by a domain or an address only where one organization alone names the domain. */
  async function providerOf(typed: string): Promise<Provider | undefined> {
    if (/[@.]/.test(typed)) return providers.ofDomain(domainOf(typed))
    const organization = await organizations.find({ slug: typed.toLowerCase() }).catch(ignoreUnknown)
    return organization && providers.find(organization.id as Provider['organizationId'])
  }

  app.get('/sign-in/organization', (c) => answer(c, chooseOrganizationPage({ ...page(c), organization: c.req.query('organization')?.slice(0, 254) ?? '' })))

  posted('/sign-in/organization', async (c, form) => {
    const typed = (form.get('organization') ?? '').trim().slice(0, 254)
    const provider = await providerOf(typed)
    if (!provider) return answer(c, chooseOrganizationPage({ ...page(c), organization: typed, fault: providerWords[languageOf(c)].unknown }), 422)
    const { name } = await organizations.find({ id: provider.organizationId })
    try {
      const { url, browser } = await providerSignIn.leave(provider)
      setCookie(c, cookie, browser, { ...cookieOptions, maxAge: flowSeconds })
      return answer(c, leavePage({ ...page(c), organization: name, url }))
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error
      return notIn(c, error.kind, 503)
    }
  })

  app.get('/sign-in/callback/:organization', async (c) => {
    const browser = getCookie(c, cookie)
    const returned = await providerSignIn.comeBack(c.req.param('organization'), new URL(c.req.url).search, browser)
    if (returned.outcome === 'stale') return notIn(c, 'stale', 410)
    deleteCookie(c, cookie, cookieOptions)
    if (returned.outcome === 'fault') return notIn(c, returned.fault.kind, returned.fault.kind === 'unreachable' || returned.fault.kind === 'unfit' ? 503 : 401)
    if (returned.outcome === 'refused') return notIn(c, returned.refusal, 403)
    await sessionCookies.signInByProvider(c, { personId: returned.personId, providerId: returned.provider.id })
    return to(c, '/account')
  })
}

const ignoreUnknown = (error: unknown): undefined => {
  if (error instanceof Problem && error.code === 'not-found') return undefined
  throw error
}
