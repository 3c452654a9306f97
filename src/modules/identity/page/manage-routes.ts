import { withContext } from '#platform/context.ts'
import type { PublicApp } from '#platform/module.ts'
import { languages } from '#platform/page/language.ts'
import { Problem } from '#platform/problem.ts'
import type { FindUsage } from '#platform/usage.ts'
import { pageCursor } from '#platform/typed-text.ts'
import type { ApiKeys } from '../api-key/api-keys.ts'
import type { ApiClients } from '../client/clients.ts'
import type { Organizations } from '../organization/organizations.ts'
import type { Proofs } from '../session/proofs.ts'
import { EmailAddress, Role, type Scope } from '../contract.ts'
import type { Invitations } from '../membership/invitations.ts'
import { type MemberFilter, type Members, refuseExcess } from '../membership/members.ts'
import { accessPage, type AccessView } from './access-page.ts'
import type { Html } from './frame.ts'
import { invitationNotice, invitationsPage, type InvitationsView } from './invitations-page.ts'
import { isolated, type Managing, type Tab, tabs } from './manage-frame.ts'
import { type ManageFault, manageWords } from './manage-words.ts'
import { type ManagingParts, whoManages } from './managing.ts'
import { memberNotice, membersPage, type MembersView } from './members-page.ts'
import { factorPage, type FactorView } from './factor-page.ts'
import { usagePage } from './usage-page.ts'
import { answer, asPerson, type C, postedTo } from './page-kit.ts'

export interface ManageParts extends ManagingParts {
  readonly publicUrl: string
  readonly organizations: Organizations
  readonly members: Members
  readonly invitations: Invitations
  readonly apiKeys: ApiKeys
  readonly apiClients: ApiClients
  readonly proofs: Proofs
  readonly usage: FindUsage
}

const pageSize = 25
/** So many programs are shown; who has more uses the API. */
const programsShown = 100

/**
 * Pages to manage an organization. What a role may not do is not shown; and every form is checked again: the session, the membership and
 * its role as they are then, the scope, and what may be given or taken.
 */
export function manageRoutes(app: PublicApp, parts: ManageParts): void {
  const { publicUrl, sessionCookies, sessionPowers, organizations, members, invitations, apiKeys, apiClients, proofs, usage } = parts
  const path = '/account/organizations/:slug'
  const who = { sessionCookies, sessionPowers }
  const shown = (tab: Tab | undefined, show: (c: C, managing: Managing) => Promise<Html>) =>
    app.get(tab === undefined ? path : `${path}/${tab}`, (c) =>
      whoManages(c, who, tab && tabs[tab], async (managing) => answer(c, await inOrganization(managing, () => show(c, managing)))))

  const posted = postedTo(app, publicUrl)
  /** A form: what it refuses is told on the page that `show` makes. */
  const changing = (tab: Tab, needed: Scope, run: (c: C, managing: Managing, form: URLSearchParams) => Promise<Html>, show: (c: C, managing: Managing, fault: ManageFault, form: URLSearchParams) => Promise<Html>) =>
    posted(`${path}/${tab}`, (c, form) =>
      whoManages(c, who, needed, async (managing, signedIn) => {
        try {
          return answer(c, await inOrganization(managing, () => asPerson(signedIn, () => run(c, managing, form))))
        } catch (error) {
          const fault = faultOf(error, tab)
          if (!fault) throw error
          return answer(c, await inOrganization(managing, () => show(c, managing, fault, form)), fault === 'email' || fault === 'field' ? 422 : fault === 'excess' || fault === 'self' ? 403 : 409)
        }
      }))

  shown(undefined, async (_, managing) => {
    const used = await usage(managing.membership.organizationId).catch((error: unknown) => {
      if (error instanceof Problem && (error.code === 'unavailable' || error.code === 'deadline-exceeded')) return undefined
      throw error
    })
    return usagePage(managing, used)
  })

  function membersViewOf(c: C): MemberFilter & { after?: string | undefined } {
    const [text, role, state, after] = ['q', 'role', 'state', 'after'].map((name) => c.req.query(name) || undefined)
    return {
      text: text?.slice(0, 100),
      role: Role.safeParse(role).data,
      disabled: state === 'disabled' ? true : state === 'active' ? false : undefined,
      after: pageCursor.safeParse(after).data,
    }
  }

  async function showMembers(c: C, managing: Managing, more: Pick<MembersView, 'notice' | 'fault'> = {}): Promise<Html> {
    const { after, ...filter } = membersViewOf(c)
    const found = await members.search(managing.membership.organizationId, filter, { after, limit: pageSize + 1 })
    const page = found.slice(0, pageSize)
    return membersPage({ managing, members: page, next: found.length > pageSize ? page.at(-1)!.id : undefined, filter: { ...filter, after }, ...more })
  }

  shown('members', (c, managing) => showMembers(c, managing))
  changing('members', 'members:manage', async (c, managing, form) => {
    const { membership: { organizationId, memberId }, scopes } = managing
    const [id, done] = [form.get('member') ?? '', form.get('do')]
    const before = await members.find(organizationId, id)
    if (id === memberId) throw new Refused('self')
    if (done === 'role') await members.change(organizationId, id, { role: chosenRole(form) }, scopes)
    else if (done === 'disable' || done === 'enable') await members.change(organizationId, id, { disabled: done === 'disable' }, scopes)
    else if (done === 'remove') await members.remove(organizationId, id, scopes)
    else throw new Refused('field')
    const member = done === 'remove' ? before : await members.find(organizationId, id)
    return showMembers(c, managing, { notice: memberNotice({ managing, filter: membersViewOf(c) }, done, { member, was: before.role }) })
  }, (c, managing, fault) => showMembers(c, managing, { fault }))

  async function showInvitations(c: C, managing: Managing, more: Pick<InvitationsView, 'notice' | 'fault' | 'typed'> = {}): Promise<Html> {
    const before = pageCursor.safeParse(c.req.query('before')).data
    const found = await invitations.list(managing.membership.organizationId, { before, limit: pageSize + 1, pending: true })
    const page = found.slice(0, pageSize)
    return invitationsPage({ managing, invitations: page, before, next: found.length > pageSize ? page.at(-1)!.id : undefined, ...more })
  }

  shown('invitations', (c, managing) => showInvitations(c, managing))
  changing('invitations', 'members:manage', async (c, managing, form) => {
    const { membership: { organizationId }, scopes, language } = managing
    const done = form.get('do')
    if (done === 'invite') {
      const [email, role] = [EmailAddress.safeParse((form.get('email') ?? '').trim()), chosenRole(form)]
      const locale = languages.find((one) => one === form.get('locale'))
      if (!email.success) throw new Refused('email')
      refuseExcess(scopes, role)
      const { invitation } = await invitations.invite({ organizationId, email: email.data, role, locale: locale ?? language })
      return showInvitations(c, managing, { notice: invitationNotice(managing, done, invitation) })
    }
    if (done !== 'resend' && done !== 'revoke') throw new Refused('field')
    const id = form.get('invitation') ?? ''
    refuseExcess(scopes, (await invitations.find(organizationId, id)).role)
    const invitation = done === 'resend' ? await invitations.resend(organizationId, id, language) : await invitations.revoke(organizationId, id)
    return showInvitations(c, managing, { notice: invitationNotice(managing, done, invitation) })
  }, (c, managing, fault, form) => showInvitations(c, managing, { fault, typed: typedOf(form) }))

  async function showAccess(_: C, managing: Managing, more: Pick<AccessView, 'notice' | 'fault'> = {}): Promise<Html> {
    const { organizationId } = managing.membership
    const page = { limit: programsShown }
    return accessPage({
      managing, apiKeys: await apiKeys.list(organizationId, page), clients: await apiClients.list(organizationId, page), now: new Date(), ...more,
    })
  }

  shown('access', showAccess)
  changing('access', 'clients:manage', async (c, managing, form) => {
    const { membership: { organizationId }, language } = managing
    const [id, kind] = [form.get('id') ?? '', form.get('do')]
    if (kind !== 'key' && kind !== 'client') throw new Refused('field')
    const { name } = kind === 'key' ? await apiKeys.find(organizationId, id) : await apiClients.find(organizationId, id)
    await (kind === 'key' ? apiKeys.revoke(organizationId, id) : apiClients.disable(organizationId, id))
    return showAccess(c, managing, { notice: { text: manageWords[language].access.revoked(isolated(name)) } })
  }, (c, managing, fault) => showAccess(c, managing, { fault }))

  async function showFactor(c: C, managing: Managing, more: Partial<Pick<FactorView, 'required' | 'changed' | 'fault'>> = {}): Promise<Html> {
    const { organizationId, requiresSecondFactor } = managing.membership
    const signedIn = await sessionCookies.requireAny(c)
    // A session of the organization's provider is not asked.
    const wouldPass = signedIn.providerId !== null || (await proofs.hasBothFactors(signedIn))
    return factorPage({ managing, required: requiresSecondFactor, ...(await members.secondFactors(organizationId)), wouldPass, ...more })
  }

  shown('second-factor', (c, managing) => showFactor(c, managing))
  changing('second-factor', 'organization:write', async (c, managing, form) => {
    const { organizationId, requiresSecondFactor: before } = managing.membership
    const done = form.get('do')
    if (done !== 'require' && done !== 'release') throw new Refused('field')
    const requiresSecondFactor = done === 'require'
    if (requiresSecondFactor !== before) await organizations.change(organizationId, { requiresSecondFactor })
    return showFactor(c, managing, { required: requiresSecondFactor, changed: true })
  }, (c, managing, fault) => showFactor(c, managing, { fault }))
}

/** From here on Postgres shows no other organization's rows. */
const inOrganization = <R>({ membership: { organizationId } }: Managing, work: () => R): R => withContext({ organizationId }, work)

/** What a form asks for cannot be done. */
class Refused extends Error {
  readonly fault: ManageFault
  constructor(fault: ManageFault) {
    super(fault)
    this.fault = fault
  }
}

const typedOf = (form: URLSearchParams): InvitationsView['typed'] => {
  const email = form.get('email')
  return email === null ? undefined : { email: email.slice(0, 254), role: Role.safeParse(form.get('role')).data }
}

function chosenRole(form: URLSearchParams): Role {
  const role = Role.safeParse(form.get('role'))
  if (!role.success) throw new Refused('field')
  return role.data
}

/** Undefined for what is no refusal. */
function faultOf(error: unknown, tab: Tab): ManageFault | undefined {
  if (error instanceof Refused) return error.fault
  if (!(error instanceof Problem)) return undefined
  const known: Partial<Record<Problem['code'], ManageFault>> = {
    forbidden: 'excess', 'not-found': 'gone', 'already-exists': 'isMember', 'state-refused': tab === 'invitations' ? 'accepted' : 'lastOwner',
  }
  return known[error.code]
}
