import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { roles } from '../contract.ts'
import { mayGive } from '../membership/roles.ts'
import { ProviderSettings } from '../provider/provider-routes.ts'
import { type Providers, redirectUriOf } from '../provider/providers.ts'
import type { Managing } from './manage-frame.ts'
import { type ManagingParts, whoManages } from './managing.ts'
import { answer, asPerson, type C, languageOf, postedTo } from './page-kit.ts'
import { providerSettingsPage, type ProviderSettingsView } from './provider-settings-page.ts'
import { providerWords } from './provider-words.ts'

export interface ProviderSettingsParts extends ManagingParts {
  readonly publicUrl: string
  readonly providers: Providers
}

const path = '/account/organizations/:slug/sign-in'

/** Where owners and admins set how their organization's people sign in. */
export function providerSettingsPages(app: PublicApp, { publicUrl, providers, ...who }: ProviderSettingsParts): void {
  const posted = postedTo(app, publicUrl)

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

  app.get(path, (c) => whoManages(c, who, 'sign-in:manage', (managing) => show(c, managing)))

  posted(path, (c, sent) => whoManages(c, who, 'sign-in:manage', async (managing, signedIn) => {
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
  }))
}
