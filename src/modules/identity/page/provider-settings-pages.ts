import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { roles } from '../contract.ts'
import { mayGive } from '../membership/roles.ts'
import { ProviderSettings } from '../provider/provider-routes.ts'
import { type Providers, redirectUriOf } from '../provider/providers.ts'
import type { SessionPowers } from '../session/session-powers.ts'
import type { SessionCookies } from '../session/signed-in.ts'
import { notHerePage, type Managing } from './manage-frame.ts'
import { managingOf } from './managing.ts'
import { answer, asPerson, type C, languageOf, postedTo, to } from './page-kit.ts'
import { providerSettingsPage, type ProviderSettingsView } from './provider-settings-page.ts'
import { providerWords } from './provider-words.ts'

export interface ProviderSettingsParts {
  readonly publicUrl: string
  readonly sessionCookies: SessionCookies
  readonly sessionPowers: SessionPowers
  readonly providers: Providers
}

const path = '/account/organizations/:slug/sign-in'

/** Where owners and admins set how their organization's people sign in. */
export function providerSettingsPages(app: PublicApp, { publicUrl, sessionCookies, sessionPowers, providers }: ProviderSettingsParts): void {
  const posted = postedTo(app, publicUrl)

  const notHere = (c: C) => answer(c, notHerePage(languageOf(c), pageNonce(c)), 404)

  async function show(c: C, managing: Managing, more: Partial<Pick<ProviderSettingsView, 'form' | 'note' | 'fault'>> = {}) {
    const { membership: { organizationId }, scopes } = managing
    const kept = await providers.find(organizationId)
    const form = kept
      ? { issuer: kept.issuer, clientId: kept.clientId, domains: kept.domains.join(' '), joinRole: kept.joinRole ?? '', required: kept.required }
      : { issuer: '', clientId: '', domains: '', joinRole: '', required: false }
    const view = {
      managing, form, permits: kept?.permits,
      redirectUri: redirectUriOf(publicUrl, organizationId),
      mayJoinAs: roles.filter((one) => one !== 'owner' && mayGive(scopes, one)),
      ...more,
    }
    return answer(c, providerSettingsPage(view), more.fault === undefined ? 200 : 422)
  }

  app.get(path, async (c) => {
    const signedIn = await sessionCookies.findAny(c)
    if (!signedIn) return to(c, '/sign-in')
    const managing = await managingOf(c, sessionPowers, signedIn, 'sign-in:manage')
    return managing ? show(c, managing) : notHere(c)
  })

  posted(path, async (c, sent) => {
    const signedIn = await sessionCookies.findAny(c)
    if (!signedIn) return to(c, '/sign-in')
    const managing = await managingOf(c, sessionPowers, signedIn, 'sign-in:manage')
    if (!managing) return notHere(c)
    const { membership: { organizationId }, scopes } = managing
    const { settings: say } = providerWords[languageOf(c)]
    if (sent.get('do') === 'remove') {
      await asPerson(signedIn, () => providers.remove(organizationId))
      return show(c, managing, { note: say.removed })
    }
    const text = (name: string) => (sent.get(name) ?? '').trim()
    const form = { issuer: text('issuer'), clientId: text('clientId'), domains: text('domains').toLowerCase(), joinRole: text('joinRole'), required: sent.get('required') === 'yes' }
    const order = ProviderSettings.safeParse({
      ...form,
      domains: form.domains.split(/[\s,;]+/).filter(Boolean),
      joinRole: form.joinRole || null,
      ...(text('clientSecret') !== '' && { clientSecret: text('clientSecret') }),
    })
    if (!order.success) return show(c, managing, { form, fault: `${say.wrong} ${order.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join(' ')}` })
    try {
      if (sent.get('do') === 'check') {
        await providers.check(order.data)
        return await show(c, managing, { form, note: say.good })
      }
      await asPerson(signedIn, () => providers.set(organizationId, order.data, scopes))
      return await show(c, managing, { note: say.saved })
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error
      return show(c, managing, { form, fault: `${say.wrong} ${error.message}` })
    }
  })
}
