import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import { alert, field, frame, type Html } from './frame.ts'
import { type NotIn, providerWords } from './provider-words.ts'

interface Page {
  readonly language: Language
  readonly nonce: string
}

const otherwise = (language: Language): Html => html`<p><a href="/sign-in?lang=${language}">${providerWords[language].otherwise}</a></p>`

/** By which organization somebody wants to sign in. */
export function chooseOrganizationPage({ language, nonce, organization, fault }: Page & { readonly organization: string; readonly fault?: string | undefined }): Html {
  const say = providerWords[language]
  const body = html`<h1>${say.title}</h1>
<p>${say.text}</p>
${alert(fault)}
<form method="post" action="/sign-in/organization?lang=${language}">
${field({ name: 'organization', label: say.label, hint: say.hint, value: organization, autocomplete: 'username' })}
<button>${say.button}</button></form>
${otherwise(language)}`
  return frame({ language, nonce, title: say.title, body })
}

/** Before somebody goes to a provider they see whose it is: nobody proves that a domain is theirs. */
export function leavePage({ language, nonce, organization, url }: Page & { readonly organization: string; readonly url: string }): Html {
  const say = providerWords[language]
  const body = html`<h1>${say.title}</h1>
<p>${say.leave(`\u2068${organization}\u2069`, `\u2068${new URL(url).host}\u2069`)}</p>
<p class="soft">${say.leaveText}</p>
<p><a class="button" rel="noreferrer" href="${url}">${say.go}</a></p>
${otherwise(language)}`
  return frame({ language, nonce, title: say.title, body })
}

export function notInPage({ language, nonce, reason }: Page & { readonly reason: NotIn }): Html {
  const say = providerWords[language]
  const body = html`<h1>${say.notIn}</h1>
${alert(say.reasons[reason])}
<p><a class="button" href="/sign-in/organization?lang=${language}">${say.again}</a></p>
${otherwise(language)}`
  return frame({ language, nonce, title: say.notIn, body })
}
