import { withContext } from '#platform/context.ts'
import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { oneLine } from '#platform/typed-text.ts'
import type { Invitation } from '../membership/invitations.ts'
import { NewPassword } from '../person/password.ts'
import type { PasswordRouteParts } from '../person/password-routes.ts'
import type { Persons } from '../person/persons.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SecondFactors } from '../session/second-factors.ts'
import type { SignedIn } from '../session/signed-in.ts'
import { needsProvider, type SessionPowers } from '../session/session-powers.ts'
import { accountPage, tokenPage } from './account-page.ts'
import { goneInvitationPage, invitationPage, type InvitationView } from './invitation-page.ts'
import { answer, asPerson, type C, languageOf, postedTo, refusalOf, to, toSecondFactor } from './page-kit.ts'
import { providerPages, type ProviderPageParts } from './provider-pages.ts'
import { providerSettingsPages } from './provider-settings-pages.ts'
import { type PasskeyPageParts, passkeyPageRoutes } from './passkey-page-routes.ts'
import { type DeleteAccountParts, deleteAccountRoutes } from './delete-account-routes.ts'
import { passwordPageRoutes } from './password-page-routes.ts'
import { secondFactorRoutes } from './second-factor-routes.ts'
import { manageRoutes, type ManageParts } from './manage-routes.ts'
import { signInPage, type SignInView } from './sign-in-page.ts'
import { signInByLinkRoutes } from './sign-in-link-routes.ts'
import { words } from './words.ts'

export interface PageParts extends ManageParts, ProviderPageParts, PasskeyPageParts, PasswordRouteParts, DeleteAccountParts {
  readonly sessions: Sessions
  readonly persons: Persons
  readonly sessionPowers: SessionPowers
  readonly secondFactors: SecondFactors
  readonly hashPassword: (password: string) => Promise<string>
}

/** Where signing in may lead: pages of ours, whatever an address asks for. */
const nextPage = /^\/(account|invitations\/[\w.-]{1,200})$/

/** Pages for people who sign in: they need no script. Forms answer only to themselves. */
export function pageRoutes(app: PublicApp, parts: PageParts): void {
  const { publicUrl, sessionCookies, sessions, invitations, organizations, persons, sessionPowers, hashPassword } = parts

  const posted = postedTo(app, publicUrl)

  const showSignIn = (c: C, view: Partial<SignInView>, status: 200 | 401 | 429 = 200) =>
    answer(c, signInPage({ language: languageOf(c), nonce: pageNonce(c), ...view }), status)

  app.get('/sign-in', async (c) => {
    const next = nextPage.exec(c.req.query('next') ?? '')?.[0]
    if (await sessionCookies.find(c)) return to(c, next ?? '/account')
    const { signIn, forgotten, deletion } = words[languageOf(c)]
    const notes = { out: signIn.signedOut, reset: forgotten.done, deleted: deletion.done }
    const note = Object.entries(notes).find(([name]) => c.req.query(name) !== undefined)?.[1]
    return showSignIn(c, { next, note })
  })

  posted('/sign-in', async (c, form) => {
    const email = form.get('email')?.slice(0, 254) ?? ''
    const next = nextPage.exec(form.get('next') ?? '')?.[0]
    const { signIn: say } = words[languageOf(c)]
    try {
      const signedIn = await sessionCookies.signIn(c, { email, password: form.get('password') ?? '' })
      if (!signedIn) return c.redirect(`/sign-in/code?${new URLSearchParams({ lang: languageOf(c), ...(next && { next }) })}`, 303)
      return to(c, next ?? '/account')
    } catch (error) {
      const refusal = refusalOf(error)
      if (!refusal) throw error
      const tooMany = refusal === 'rate-limited'
      return showSignIn(c, { email, next, fault: tooMany ? say.tooMany : say.wrong }, tooMany ? 429 : 401)
    }
  })

  signInByLinkRoutes(app, parts)
  secondFactorRoutes(app, parts, nextPage)
  manageRoutes(app, parts)
  providerPages(app, parts)
  providerSettingsPages(app, parts)
  passkeyPageRoutes(app, parts)
  passwordPageRoutes(app, parts)
  deleteAccountRoutes(app, parts)

  posted('/sign-in/out', async (c) => {
    const signedIn = await sessionCookies.findAny(c)
    if (signedIn) await asPerson(signedIn, () => sessionCookies.signOut(c))
    return c.redirect(`/sign-in?out&lang=${languageOf(c)}`, 303)
  })

  app.get('/account', async (c) => {
    const signedIn = await sessionCookies.findAny(c)
    if (!signedIn) return to(c, '/sign-in')
    const memberships = await sessionPowers.membershipsOf(signedIn)
    const open = await sessions.list(signedIn)
    const passkeys = (await parts.passkeys.list(signedIn.personId)).length
    const bothFactors = await parts.proofs.hasBothFactors(signedIn)
    return answer(c, accountPage({ language: languageOf(c), nonce: pageNonce(c), signedIn, memberships, sessions: open, passkeys, bothFactors }))
  })

  posted('/account/token', async (c, form) => {
    const signedIn = await sessionCookies.findAny(c)
    if (!signedIn) return to(c, '/sign-in')
    const organization = form.get('organization') ?? ''
    try {
      const { accessToken, membership } = await sessionPowers.tokenFor(signedIn, organization)
      return answer(c, tokenPage({ language: languageOf(c), nonce: pageNonce(c), organization: membership.name, token: accessToken }))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (error.code === 'second-factor-required') return toSecondFactor(c)
      if (!error.extensions[needsProvider]) throw error
      return c.redirect(`/sign-in/organization?${new URLSearchParams({ lang: languageOf(c), organization })}`, 303)
    }
  })

  posted('/account/sessions', async (c, form) => {
    const signedIn = await sessionCookies.findAny(c)
    if (signedIn) await asPerson(signedIn, () => sessions.endOne(signedIn, form.get('session') ?? ''))
    return to(c, '/account')
  })

  async function stepFor(invitation: Invitation, signedIn: SignedIn | undefined): Promise<InvitationView['step']> {
    if (signedIn) return signedIn.email === invitation.email ? 'join' : 'sign-out'
    return (await persons.findByEmail(invitation.email)) ? 'sign-in' : 'account'
  }

  async function showInvitation(c: C, more: Pick<InvitationView, 'fault' | 'name'> = {}) {
    const language = languageOf(c)
    const token = c.req.param('token')!
    const invitation = await openOrNothing(token)
    if (!invitation) return answer(c, goneInvitationPage(language, pageNonce(c)), 410)
    const { email, role, organizationId } = invitation
    const { name: organization } = await organizations.find({ id: organizationId })
    const step = await stepFor(invitation, await sessionCookies.find(c))
    const view = { language, nonce: pageNonce(c), token, organization, email, role, step, ...more }
    return answer(c, invitationPage(view), more.fault === undefined ? 200 : 422)
  }

  const openOrNothing = (token: string): Promise<Invitation | undefined> =>
    invitations.open(token).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'gone') return undefined
      throw error
    })

  app.get('/invitations/:token', (c) => showInvitation(c))

  posted('/invitations/:token', async (c, form) => {
    const token = c.req.param('token')!
    const invitation = await openOrNothing(token)
    const signedIn = await sessionCookies.find(c)
    if (!invitation) return showInvitation(c)
    const step = await stepFor(invitation, signedIn)
    if (step === 'join') {
      await asPerson(signedIn!, () => invitations.accept(token, { personId: signedIn!.personId }))
      return to(c, '/account')
    }
    if (step !== 'account') return showInvitation(c)
    const { faults } = words[languageOf(c)]
    const typed = form.get('name') ?? ''
    const name = oneLine(100).safeParse(typed)
    const password = NewPassword.safeParse(form.get('password') ?? '')
    if (!name.success || !password.success) {
      return showInvitation(c, { name: typed.slice(0, 100), fault: name.success ? faults.password : faults.name })
    }
    await withContext({ actor: 'invitation' }, async () =>
      invitations.accept(token, { name: name.data, passwordHash: await hashPassword(password.data) }))
    await sessionCookies.signIn(c, { email: invitation.email, password: password.data })
    return to(c, '/account')
  })
}
