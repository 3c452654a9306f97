import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import type { Membership } from '../membership/members.ts'
import { alert, field, frame, type Html } from './frame.ts'
import { bdi, placeOf } from './manage-frame.ts'
import { words } from './words.ts'

export interface DeleteAccountView {
  readonly language: Language
  readonly nonce: string
  /** Where the person is the only owner: those come first. */
  readonly ownedAlone: readonly Pick<Membership, 'slug' | 'name'>[]
  /** The last sign-in is too long ago. */
  readonly wantsPassword: boolean
  readonly fault?: string | undefined
}

/** What goes with an account and what stays, and the form that deletes it. */
export function deleteAccountPage({ language, nonce, ownedAlone, wantsPassword, fault }: DeleteAccountView): Html {
  const { deletion: say, account, signIn } = words[language]
  const form = html`<form method="post" action="/account/delete?lang=${language}">
${wantsPassword ? field({ name: 'password', label: signIn.password, type: 'password', autocomplete: 'current-password' }) : ''}
<button>${say.button}</button></form>`
  const first = html`<p role="status">${say.onlyOwner}</p>
<ul class="rows">${ownedAlone.map(({ slug, name }) => html`<li><span><strong><a href="${placeOf(slug, 'members')}?lang=${language}">${bdi(name)}</a></strong></span></li>`)}</ul>`
  const body = html`<h1>${say.title}</h1>
<p>${say.goes}</p>
<p>${say.stays}</p>
${alert(fault)}${ownedAlone.length > 0 ? first : form}
<p><a href="/account?lang=${language}">${account.back}</a></p>`
  return frame({ language, nonce, title: say.title, body })
}
