import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import { alert, field, frame, type Html } from './frame.ts'
import { words } from './words.ts'

interface Page {
  readonly language: Language
  readonly nonce: string
  readonly fault?: string | undefined
}

const newPassword = (language: Language, name: string): Html =>
  field({ name, label: words[language].password.chosen, hint: words[language].invitation.passwordHint, type: 'password', autocomplete: 'new-password' })

/** @param wantsPassword the last sign-in is too long ago */
export function passwordPage({ language, nonce, fault, wantsPassword }: Page & { readonly wantsPassword: boolean }): Html {
  const { password: say, account } = words[language]
  const body = html`<h1>${say.title}</h1>
<p>${say.text}</p>
${alert(fault)}
<form method="post" action="/account/password?lang=${language}">
${wantsPassword ? field({ name: 'password', label: say.current, type: 'password', autocomplete: 'current-password' }) : ''}
${newPassword(language, 'new')}
<button>${say.button}</button></form>
<p><a href="/account?lang=${language}">${account.back}</a></p>`
  return frame({ language, nonce, title: say.title, body })
}

export function forgottenPage({ language, nonce, fault, sent }: Page & { readonly sent: boolean }): Html {
  const { forgotten: say, signIn, link } = words[language]
  const body = html`<h1>${say.title}</h1>
<p>${say.text}</p>
${sent ? html`<p role="status">${link.sent}</p>` : ''}${alert(fault)}
<form method="post" action="/sign-in/forgotten?lang=${language}">
${field({ name: 'email', label: signIn.email, type: 'email', autocomplete: 'username' })}
<button>${link.button}</button></form>
<p><a href="/sign-in?lang=${language}">${link.byPassword}</a></p>`
  return frame({ language, nonce, title: say.title, body })
}

export function resetPage({ language, nonce, fault, token }: Page & { readonly token: string }): Html {
  const { forgotten: say, password } = words[language]
  const body = html`<h1>${say.choose}</h1>
<p>${say.chooseText}</p>
${alert(fault)}
<form method="post" action="/sign-in/reset/${token}?lang=${language}">
${newPassword(language, 'new')}
<button>${password.button}</button></form>`
  return frame({ language, nonce, title: say.choose, body })
}

export function noResetPage({ language, nonce }: Page): Html {
  const { link, forgotten: say } = words[language]
  const body = html`<h1>${link.gone}</h1><p>${say.goneText}</p><p><a class="button" href="/sign-in/forgotten?lang=${language}">${link.again}</a></p>`
  return frame({ language, nonce, title: link.gone, body })
}
