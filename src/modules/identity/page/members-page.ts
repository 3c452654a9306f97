import { html } from 'hono/html'
import { type Role, roles as allRoles } from '../contract.ts'
import type { Member, MemberFilter } from '../membership/members.ts'
import { mayGive } from '../membership/roles.ts'
import type { Html } from './frame.ts'
import { act, bdi, dateOf, isolated, manageFrame, type Managing, type Notice, placeOf, roleSelect } from './manage-frame.ts'
import { type ManageFault, manageWords } from './manage-words.ts'
import { words } from './words.ts'

export interface MembersView {
  readonly managing: Managing
  readonly members: readonly Member[]
  /** Of the next page. */
  readonly next: string | undefined
  readonly filter: MemberFilter & { readonly after?: string | undefined }
  readonly notice?: Notice | undefined
  readonly fault?: ManageFault | undefined
}

/** The page as it is looked at, so that what is done there leads back to it. */
function addressOf({ managing: { language, membership }, filter }: Pick<MembersView, 'managing' | 'filter'>, after = filter.after): string {
  const { text, role, disabled } = filter
  const query = new URLSearchParams({
    lang: language, ...(text && { q: text }), ...(role && { role }), ...(disabled !== undefined && { state: disabled ? 'disabled' : 'active' }), ...(after && { after }),
  })
  return `${placeOf(membership.slug, 'members')}?${query}`
}

/** Who may act for the organization; with what the role permits to change. */
export function membersPage(view: MembersView): Html {
  const { managing, members, next, filter, notice, fault } = view
  const { language, membership, scopes } = managing
  const { filter: label, members: say, ...rest } = manageWords[language]
  const { roles } = words[language]
  const filtered = Boolean(filter.text ?? filter.role) || filter.disabled !== undefined
  const option = (value: string, text: string, chosen: boolean) => html`<option value="${value}"${chosen ? html` selected` : ''}>${text}</option>`
  const empty = filtered ? say.none : say.alone
  const body = html`<form class="filter" method="get" action="${placeOf(membership.slug, 'members')}"><input type="hidden" name="lang" value="${language}">
<label>${label.text}<input name="q" type="search" maxlength="100" value="${filter.text ?? ''}"></label>
<label>${label.role}<select name="role">${option('', label.any, filter.role === undefined)}${allRoles.map((role) => option(role, roles[role], role === filter.role))}</select></label>
<label>${label.state}<select name="state">${option('', label.any, filter.disabled === undefined)}${option('active', label.active, filter.disabled === false)}${option('disabled', label.disabled, filter.disabled === true)}</select></label>
<button class="quiet">${label.button}</button></form>
${members.length === 0 || (!filtered && filter.after === undefined && members.length === 1 && members[0]!.id === membership.memberId) ? html`<p>${empty}</p>` : ''}
<ul class="rows">${members.map((member) => html`<li><span><strong>${bdi(member.name)}${member.id === membership.memberId ? html`<span class="mark">${say.you}</span>` : ''}${
    member.disabledAt ? html`<span class="mark">${say.disabled}</span>` : ''}</strong>
<span class="soft"><bdi dir="ltr">${member.email}</bdi><br>${roles[member.role]} · ${say.since(dateOf(language, member.createdAt))}</span></span>
${member.id === membership.memberId || !scopes.includes('members:manage') || !mayGive(scopes, member.role) ? '' : controls(view, member)}</li>`)}</ul>
${next === undefined && filter.after === undefined ? '' : html`<p>${filter.after === undefined ? '' : html`<a href="${addressOf(view, '')}">${rest.first}</a> `}${
    next === undefined ? '' : html`<a href="${addressOf(view, next)}">${rest.next}</a>`}</p>`}`
  return manageFrame(managing, { tab: 'members', notice, fault, body })
}

function controls(view: MembersView, { id, name, role, disabledAt }: Member): Html {
  const { language, scopes } = view.managing
  const { members: say } = manageWords[language]
  const { roles } = words[language]
  const to = addressOf(view)
  return html`<div class="acts"><form method="post" action="${to}"><input type="hidden" name="do" value="role"><input type="hidden" name="member" value="${id}">${
    roleSelect(roles, allRoles.filter((one) => mayGive(scopes, one)), role, say.roleOf(name))}<button class="quiet" aria-label="${say.save}: ${say.roleOf(name)}">${say.save}</button></form>
${disabledAt ? act(to, { do: 'enable', member: id }, say.enable, name) : act(to, { do: 'disable', member: id }, say.disable, name)}
<details><summary class="quiet" aria-label="${say.remove}: ${name}">${say.remove}</summary><p>${say.removeText(isolated(name))}</p>${act(to, { do: 'remove', member: id }, say.removeSurely, name)}</details></div>`
}

/** What was done to a member, and the form that takes it back. */
export function memberNotice(
  view: Pick<MembersView, 'managing' | 'filter'>,
  done: 'role' | 'disable' | 'enable' | 'remove',
  { member, was }: { member: Member; was: Role },
): Notice {
  const { language, membership } = view.managing
  const { members: say, undo } = manageWords[language]
  const { roles } = words[language]
  const to = addressOf(view)
  const name = isolated(member.name)
  const { id } = member
  switch (done) {
    case 'role':
      return { text: say.roleChanged(name, roles[member.role]), ...(was !== member.role && { undo: act(to, { do: 'role', member: id, role: was }, undo) }) }
    case 'disable':
      return { text: say.isDisabled(name), undo: act(to, { do: 'enable', member: id }, undo) }
    case 'enable':
      return { text: say.isEnabled(name), undo: act(to, { do: 'disable', member: id }, undo) }
    case 'remove':
      return {
        text: say.removed(name),
        undo: act(`${placeOf(membership.slug, 'invitations')}?lang=${language}`, { do: 'invite', email: member.email, role: member.role, locale: language }, say.inviteAgain),
      }
  }
}
