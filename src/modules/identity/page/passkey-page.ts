import { html, raw } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import type { Passkey } from '../passkey/passkeys.ts'
import { alert, field, frame, type Html } from './frame.ts'
import { addPasskeyScript, signInScript } from './passkey-script.ts'
import { words } from './words.ts'

interface Page {
  readonly language: Language
  readonly nonce: string
  readonly fault?: string | undefined
  /** The last sign-in is too long ago. */
  readonly wantsPassword: boolean
}

const script = (nonce: string, text: string): Html => html`<script type="module" nonce="${nonce}">${raw(text)}</script>`

/** For the page to sign in: shown where scripts run and the browser knows passkeys. @param next a page of ours, to go to afterwards */
export const passkeyOffer = ({ language, nonce, next }: { language: Language; nonce: string; next: string }): Html => {
  const { passkeys: say, signIn } = words[language]
  return html`<div id="passkey" hidden data-next="${next}?lang=${language}" data-wrong="${say.notAccepted}" data-too-many="${signIn.tooMany}">
<p role="alert" hidden></p>
<p><button type="button" class="quiet">${say.signIn}</button></p></div>
${script(nonce, signInScript)}`
}

const passwordField = ({ language, wantsPassword }: Pick<Page, 'language' | 'wantsPassword'>): Html | '' =>
  wantsPassword ? field({ name: 'password', label: words[language].signIn.password, type: 'password', autocomplete: 'current-password' }) : ''

const when = (language: Language, date: Date): string => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(date)

/** One's passkeys, and a form for another. Only that needs a script. */
export function passkeysPage({ language, nonce, wantsPassword, passkeys }: Page & { readonly passkeys: readonly Passkey[] }): Html {
  const { passkeys: say, account, signIn } = words[language]
  const next = `/account/passkeys?lang=${language}`
  const told = { again: say.isThere, wrong: say.notMade, 'too-many': signIn.tooMany, password: words[language].factor.wrongPassword, name: say.nameFault, factor: say.wantsFactor }
  const body = html`<h1>${say.title}</h1>
<p>${say.text}</p>
<ul class="rows">${passkeys.map(({ id, name, createdAt, lastUsedAt }) => html`<li><span><strong><bdi>${name}</bdi></strong>
<span class="soft">${say.added(when(language, createdAt))} ${lastUsedAt ? say.used(when(language, lastUsedAt)) : say.unused}</span></span>
<a class="quiet" href="/account/passkeys/${id}?lang=${language}" aria-label="${account.change}: ${name}">${account.change}</a></li>`)}</ul>
<h2>${say.add}</h2>
<p id="cannot">${say.cannot}</p>
<form id="add" hidden data-next="${next}"${raw(Object.entries(told).map(([key, text]) => ` data-${key}="${text.replaceAll('"', '&quot;')}"`).join(''))}>
<p role="alert" hidden></p>
${field({ name: 'name', label: say.name, hint: say.nameHint, autocomplete: 'off' })}${passwordField({ language, wantsPassword })}
<button>${say.add}</button></form>
<p><a href="/account?lang=${language}">${account.back}</a></p>
${script(nonce, addPasskeyScript)}`
  return frame({ language, nonce, title: say.title, body })
}

/** One passkey: to name it anew, or to take it away. */
export function passkeyPage({ language, nonce, fault, wantsPassword, passkey: { id, name } }: Page & { readonly passkey: Passkey }): Html {
  const { passkeys: say } = words[language]
  const path = `/account/passkeys/${id}`
  const body = html`<h1><bdi>${name}</bdi></h1>
${alert(fault)}
<form method="post" action="${path}?lang=${language}">
${field({ name: 'name', label: say.name, value: name, autocomplete: 'off' })}
<button>${say.rename}</button></form>
<h2>${say.remove}</h2>
<p>${say.removeText}</p>
<form method="post" action="${path}/remove?lang=${language}">
${passwordField({ language, wantsPassword })}
<button class="quiet">${say.remove}</button></form>
<p><a href="/account/passkeys?lang=${language}">${say.back}</a></p>`
  return frame({ language, nonce, title: name, body })
}
