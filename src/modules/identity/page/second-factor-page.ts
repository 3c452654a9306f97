import { html, raw } from 'hono/html'
import { renderSVG } from 'uqr'
import type { Language } from '#platform/page/language.ts'
import { alert, codeField, field, frame, type Html } from './frame.ts'
import { words } from './words.ts'

interface Page {
  readonly language: Language
  readonly nonce: string
  readonly fault?: string | undefined
}

/** The second step of signing in. */
export function codePage({ language, nonce, fault, next }: Page & { readonly next?: string | undefined }): Html {
  const { code: say, signIn } = words[language]
  const body = html`<h1>${say.title}</h1>
<p>${say.text}</p>
${alert(fault)}
<form method="post" action="/sign-in/code?lang=${language}">
${next === undefined ? '' : html`<input type="hidden" name="next" value="${next}">`}
${codeField(language)}
<button>${signIn.button}</button></form>`
  return frame({ language, nonce, title: say.title, body })
}

/** To set a second factor, or to take it away. */
export interface SecondFactorView extends Page {
  /** Codes of an app are asked for. */
  readonly isSet: boolean
  /** There is one, of either kind. */
  readonly hasAny: boolean
  /** An organization asks for one, and this session showed none. */
  readonly required?: boolean
}

export function secondFactorPage({ language, nonce, fault, isSet, hasAny, required = false }: SecondFactorView): Html {
  const { factor: say, signIn, account, passkeys } = words[language]
  const body = html`<h1>${say.title}</h1>
${required ? html`<p role="status">${hasAny ? say.showIt : say.setOne}</p>` : ''}
${required && hasAny ? html`<form method="post" action="/sign-in/out?lang=${language}"><button>${account.signOut}</button></form>` : ''}
<p>${isSet ? say.isSet : say.text}</p>
${alert(fault)}
<form method="post" action="/account/second-factor?lang=${language}">
${field({ name: 'password', label: signIn.password, type: 'password', autocomplete: 'current-password' })}
<button>${isSet ? say.remove : say.begin}</button></form>
${isSet ? html`<h2>${say.recovery}</h2>
<p>${say.renewText}</p>
<form method="post" action="/account/second-factor/codes?lang=${language}">
${field({ name: 'password', label: signIn.password, type: 'password', autocomplete: 'current-password' })}
<button class="quiet">${say.renew}</button></form>` : html`<p>${say.orPasskey} <a href="/account/passkeys?lang=${language}">${passkeys.add}</a></p>`}
<p><a href="/account?lang=${language}">${account.back}</a></p>`
  return frame({ language, nonce, title: say.title, body })
}

const codesShown = (language: Language, codes: readonly string[]): Html => html`<h2>${words[language].factor.recovery}</h2><p>${words[language].factor.recoveryText}</p>
<pre dir="ltr"><code>${codes.join('\n')}</code></pre>`

/** Other codes for when the app is lost, this once. */
export function newCodesPage({ language, nonce, recoveryCodes }: Page & { readonly recoveryCodes: readonly string[] }): Html {
  const { factor: say, account } = words[language]
  const body = html`<h1>${say.title}</h1>
${codesShown(language, recoveryCodes)}
<p><a href="/account?lang=${language}">${account.back}</a></p>`
  return frame({ language, nonce, title: say.recovery, body })
}

/** The secret for the app and the codes for when it is lost, this once; and the form for a first code. */
export function newFactorPage({ language, nonce, fault, uri, recoveryCodes }: Page & { readonly uri?: string; readonly recoveryCodes?: readonly string[] }): Html {
  const { factor: say, account } = words[language]
  const secret = uri === undefined ? undefined : new URL(uri).searchParams.get('secret')
  const body = html`<h1>${say.title}</h1>
${alert(fault)}
${uri === undefined ? '' : html`<p>${say.scan}</p>
<div class="qr">${raw(renderSVG(uri, { border: 2 }))}</div>
<p class="soft">${say.byHand}</p><pre dir="ltr"><code>${secret}</code></pre>
${codesShown(language, recoveryCodes ?? [])}`}
<form method="post" action="/account/second-factor/confirm?lang=${language}">
${codeField(language)}
<button>${say.confirm}</button></form>
<p><a href="/account?lang=${language}">${account.back}</a></p>`
  return frame({ language, nonce, title: say.title, body })
}
