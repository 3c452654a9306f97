import { html } from 'hono/html'
import { languages } from '#platform/page/language.ts'
import { type Role, roles as allRoles } from '../contract.ts'
import type { Invitation } from '../membership/invitations.ts'
import { mayGive } from '../membership/roles.ts'
import { field, type Html } from './frame.ts'
import { act, dateOf, isolated, manageFrame, type Managing, type Notice, placeOf, roleSelect } from './manage-frame.ts'
import { type ManageFault, manageWords } from './manage-words.ts'
import { words } from './words.ts'

export interface InvitationsView {
  readonly managing: Managing
  /** Pending ones. */
  readonly invitations: readonly Invitation[]
  readonly before: string | undefined
  readonly next: string | undefined
  /** What was typed, when it is shown again. */
  readonly typed?: { readonly email: string; readonly role: Role | undefined } | undefined
  readonly notice?: Notice | undefined
  readonly fault?: ManageFault | undefined
}

const nameOfLanguage = { en: 'English', ar: 'العربية' } as const

/** Who is invited and has not answered; and the form to invite. */
export function invitationsPage({ managing, invitations, before, next, typed, notice, fault }: InvitationsView): Html {
  const { language, membership, scopes } = managing
  const { invitations: say, first, next: nextWord } = manageWords[language]
  const { roles } = words[language]
  const place = placeOf(membership.slug, 'invitations')
  const to = `${place}?lang=${language}`
  const mayManage = scopes.includes('members:manage')
  const body = html`${mayManage ? html`<h2>${say.title}</h2>
<form method="post" action="${to}"><input type="hidden" name="do" value="invite">
${field({ name: 'email', type: 'email', label: say.email, value: typed?.email, autocomplete: 'off' })}
<label>${say.role}${roleSelect(roles, allRoles.filter((one) => mayGive(scopes, one)), typed?.role ?? 'issuer')}</label>
<label>${say.locale}<select name="locale">${languages.map((one) => html`<option value="${one}" lang="${one}"${one === language ? html` selected` : ''}>${nameOfLanguage[one]}</option>`)}</select></label>
<button>${say.button}</button></form>` : ''}
<h2>${say.pending}</h2>
${invitations.length === 0 ? html`<p>${say.none}</p>` : ''}
<ul class="rows">${invitations.map(({ id, email, role, expiresAt }) => html`<li><span><strong><bdi dir="ltr">${email}</bdi></strong><span class="soft">${roles[role]} · ${say.until(dateOf(language, expiresAt))}</span></span>
${mayManage && mayGive(scopes, role) ? html`<div class="acts">${act(to, { do: 'resend', invitation: id }, say.resend, email)}${act(to, { do: 'revoke', invitation: id }, say.revoke, email)}</div>` : ''}</li>`)}</ul>
${before === undefined && next === undefined ? '' : html`<p>${before === undefined ? '' : html`<a href="${to}">${first}</a> `}${next === undefined ? '' : html`<a href="${to}&amp;before=${next}">${nextWord}</a>`}</p>`}`
  return manageFrame(managing, { tab: 'invitations', notice, fault, body })
}

export function invitationNotice(
  { language, membership }: Managing,
  done: 'invite' | 'resend' | 'revoke',
  { id, email, role }: Pick<Invitation, 'id' | 'email' | 'role'>,
): Notice {
  const { invitations: say, members, undo } = manageWords[language]
  const to = `${placeOf(membership.slug, 'invitations')}?lang=${language}`
  const address = isolated(email)
  if (done === 'revoke') return { text: say.revoked(address), undo: act(to, { do: 'invite', email, role, locale: language }, members.inviteAgain) }
  return { text: done === 'invite' ? say.sent(address) : say.resent(address), undo: act(to, { do: 'revoke', invitation: id }, done === 'invite' ? undo : say.revoke) }
}

