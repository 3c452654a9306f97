import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import { alert, field, frame, type Html } from './frame.ts'
import { providerWords } from './provider-words.ts'
import { passkeyOffer } from './passkey-page.ts'
import { words } from './words.ts'

export interface SignInView {
  readonly language: Language
  readonly nonce: string
  readonly fault?: string | undefined
  readonly note?: string | undefined
  readonly email?: string | undefined
  /** Where to go afterwards. */
  readonly next?: string | undefined
}

export function signInPage({ language, nonce, fault, note, email, next }: SignInView): Html {
  const { signIn: say } = words[language]
  const body = html`<h1>${say.title}</h1>
<p>${say.text}</p>
${note === undefined ? '' : html`<p role="status">${note}</p>`}${alert(fault)}
<form method="post" action="/sign-in?lang=${language}">
${next === undefined ? '' : html`<input type="hidden" name="next" value="${next}">`}
${field({ name: 'email', label: say.email, type: 'email', value: email, autocomplete: 'username webauthn' })}
${field({ name: 'password', label: say.password, type: 'password', autocomplete: 'current-password' })}
<button>${say.button}</button>
</form>
${passkeyOffer({ language, nonce, next: next ?? '/account' })}
<p><a href="/sign-in/forgotten?lang=${language}">${words[language].forgotten.ask}</a></p>
<p><a href="/sign-in/link?lang=${language}">${say.byLink}</a></p>
<p><a href="/sign-in/organization?lang=${language}">${providerWords[language].link}</a></p>`
  return frame({ language, nonce, title: say.title, body })
}

export function refusedPage(language: Language, nonce: string): Html {
  const { refused } = words[language]
  return frame({ language, nonce, title: refused.title, body: html`<h1>${refused.title}</h1><p>${refused.text}</p><p><a href="/account?lang=${language}">${words[language].account.back}</a></p>` })
}
