import { html } from 'hono/html'
import { type Role, roles } from '../contract.ts'
import { alert, field, type Html } from './frame.ts'
import { manageFrame, type Managing, placeOf } from './manage-frame.ts'
import { providerWords } from './provider-words.ts'
import { words } from './words.ts'

export interface ProviderSettingsView {
  readonly managing: Managing
  readonly redirectUri: string
  /** What the form holds: as it is kept, or as it was sent. */
  readonly form: {
    readonly issuer: string
    readonly clientId: string
    readonly domains: string
    readonly joinRole: string
    readonly required: boolean
  }
  /** The roles that the one who looks could give. */
  readonly mayJoinAs: readonly Role[]
  /** Of what is kept; undefined where nothing is. */
  readonly permits: readonly Role[] | undefined
  readonly note?: string | undefined
  readonly fault?: string | undefined
}

/** A plain form for whoever sets how an organization's people sign in. */
export function providerSettingsPage({ managing, redirectUri, form, mayJoinAs, permits, note, fault }: ProviderSettingsView): Html {
  const { language, membership } = managing
  const { settings: say } = providerWords[language]
  const { roles: roleNames } = words[language]
  const action = `${placeOf(membership.slug, 'sign-in')}?lang=${language}`
  const isKept = permits !== undefined
  const body = html`${alert(fault)}<h2>${say.title}</h2>
<p>${say.text}</p>
<p>${say.redirect}</p>
<pre dir="ltr"><code>${redirectUri}</code></pre>
${isKept ? html`<p class="soft">${say.permits} ${new Intl.ListFormat(language).format(roles.filter((role) => permits.includes(role)).map((role) => roleNames[role]))}</p>` : ''}
<form method="post" action="${action}">
${field({ name: 'issuer', label: say.issuer, hint: say.issuerHint, value: form.issuer, autocomplete: 'off' })}
${field({ name: 'clientId', label: say.client, value: form.clientId, autocomplete: 'off' })}
<label>${say.secret}
<small id="secret-hint">${say.secretHint} ${isKept ? say.secretKept : ''}</small>
<input name="clientSecret" type="password" maxlength="500" autocomplete="off" aria-describedby="secret-hint"></label>
<label>${say.domains}
<small id="domains-hint">${say.domainsHint}</small>
<input name="domains" value="${form.domains}" maxlength="5000" autocomplete="off" aria-describedby="domains-hint"></label>
<label>${say.join}
<select name="joinRole"><option value="">${say.nobody}</option>
${mayJoinAs.map((role) => html`<option value="${role}"${form.joinRole === role ? html` selected` : ''}>${roleNames[role]}</option>`)}</select></label>
<label class="check"><input type="checkbox" name="required" value="yes" aria-describedby="required-hint"${form.required ? html` checked` : ''}> ${say.required}
<small id="required-hint">${say.requiredHint}</small></label>
<p><button name="do" value="save">${say.save}</button> <button class="quiet" name="do" value="check">${say.check}</button></p>
</form>
${isKept ? html`<h3>${say.remove}</h3><form method="post" action="${action}"><p>${say.removeText}</p><button class="quiet" name="do" value="remove">${say.remove}</button></form>` : ''}`
  return manageFrame(managing, { tab: 'sign-in', notice: note === undefined ? undefined : { text: note }, body })
}
