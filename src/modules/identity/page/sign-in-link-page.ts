import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import { alert, codeField, field, frame, type Html } from './frame.ts'
import { words } from './words.ts'

interface Page {
  readonly language: Language
  readonly nonce: string
  readonly fault?: string | undefined
}

export function askLinkPage({ language, nonce, fault, sent }: Page & { readonly sent: boolean }): Html {
  const { link: say, signIn } = words[language]
  const body = html`<h1>${say.title}</h1>
<p>${say.text}</p>
${sent ? html`<p role="status">${say.sent}</p>` : ''}${alert(fault)}
<form method="post" action="/sign-in/link?lang=${language}">
${field({ name: 'email', label: signIn.email, type: 'email', autocomplete: 'username' })}
<button>${say.button}</button></form>
<p><a href="/sign-in?lang=${language}">${say.byPassword}</a></p>`
  return frame({ language, nonce, title: say.title, body })
}

export function followLinkPage({ language, nonce, fault, token, wantsCode }: Page & { readonly token: string; readonly wantsCode: boolean }): Html {
  const { signIn } = words[language]
  const body = html`<h1>${signIn.title}</h1>
${alert(fault)}
<form method="post" action="/sign-in/link/${token}?lang=${language}">
${wantsCode ? codeField(language) : ''}
<button>${signIn.button}</button></form>`
  return frame({ language, nonce, title: signIn.title, body })
}

export function noLinkPage({ language, nonce }: Page): Html {
  const { link: say } = words[language]
  const body = html`<h1>${say.gone}</h1><p>${say.goneText}</p><p><a class="button" href="/sign-in/link?lang=${language}">${say.again}</a></p>`
  return frame({ language, nonce, title: say.gone, body })
}
