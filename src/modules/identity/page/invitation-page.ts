import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import type { Role } from '../contract.ts'
import { alert, field, frame, type Html } from './frame.ts'
import { words } from './words.ts'

export interface InvitationView {
  readonly language: Language
  readonly nonce: string
  readonly token: string
  readonly organization: string
  readonly email: string
  readonly role: Role
  /** What the one who opens it can do: make an account, join with the one they are signed in with, sign in, or sign out first. */
  readonly step: 'account' | 'join' | 'sign-in' | 'sign-out'
  readonly fault?: string | undefined
  readonly name?: string | undefined
}

export function invitationPage({ language, nonce, token, organization, email, role, step, fault, name }: InvitationView): Html {
  const { invitation: say, signIn, account, roles } = words[language]
  const path = `/invitations/${token}`
  const steps: Record<InvitationView['step'], () => Html> = {
    account: () => html`<form method="post" action="${path}?lang=${language}">
<input type="hidden" name="email" value="${email}" autocomplete="username">
${field({ name: 'name', label: say.name, value: name, autocomplete: 'name' })}
${field({ name: 'password', label: say.password, hint: say.passwordHint, type: 'password', autocomplete: 'new-password' })}
<button>${say.button}</button></form>`,
    join: () => html`<form method="post" action="${path}?lang=${language}"><button>${say.join}</button></form>`,
    'sign-in': () => html`<p>${say.signInFirst}</p><p><a class="button" href="/sign-in?lang=${language}&amp;next=${encodeURIComponent(path)}">${signIn.button}</a></p>`,
    'sign-out': () => html`<p>${say.otherAddress}</p><form method="post" action="/sign-in/out?lang=${language}"><button>${account.signOut}</button></form>`,
  }
  const title = say.title(organization)
  const body = html`<h1>${title}</h1>
<p>${say.text(roles[role], `\u2068${email}\u2069`)}</p>
${alert(fault)}${steps[step]()}`
  return frame({ language, nonce, title, body })
}

export function goneInvitationPage(language: Language, nonce: string): Html {
  const { invitation: say } = words[language]
  return frame({ language, nonce, title: say.gone, body: html`<h1>${say.gone}</h1><p>${say.goneText}</p>` })
}
