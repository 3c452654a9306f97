import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { Members } from '../membership/members.ts'
import type { AccountRouteParts } from '../person/account-routes.ts'
import type { SignedIn } from '../session/signed-in.ts'
import { deleteAccountPage } from './delete-account-page.ts'
import { answer, asPerson, type C, languageOf, postedTo, refusalOf, to } from './page-kit.ts'
import { words } from './words.ts'

export interface DeleteAccountParts extends AccountRouteParts {
  readonly members: Members
}

/** Where somebody deletes their own account. */
export function deleteAccountRoutes(app: PublicApp, { publicUrl, accountDeletion, members, proofs, sessionCookies }: DeleteAccountParts): void {
  const path = '/account/delete'

  async function show(c: C, signedIn: SignedIn, status: 200 | 401 | 403 | 409 | 429 = 200, fault?: string) {
    const ownedAlone = await members.ownedAlone(signedIn.personId)
    return answer(c, deleteAccountPage({ language: languageOf(c), nonce: pageNonce(c), ownedAlone, wantsPassword: !proofs.isRecent(signedIn), fault }), status)
  }

  app.get(path, async (c) => {
    const signedIn = await sessionCookies.find(c)
    return signedIn ? show(c, signedIn) : to(c, '/sign-in')
  })

  postedTo(app, publicUrl)(path, async (c, form) => {
    const signedIn = await sessionCookies.find(c)
    if (!signedIn) return to(c, '/sign-in')
    try {
      await proofs.requireFactors(signedIn)
      await proofs.requirePerson(c, signedIn, form.get('password') ?? undefined)
      await asPerson(signedIn, () => accountDeletion.delete(signedIn.personId))
    } catch (error) {
      const { signIn, factor, passkeys } = words[languageOf(c)]
      if (error instanceof Problem && error.code === 'forbidden') return show(c, signedIn, 403, passkeys.wantsFactor)
      // The page says it, with the organizations.
      if (error instanceof Problem && error.code === 'state-refused') return show(c, signedIn, 409)
      const refusal = refusalOf(error)
      if (!refusal) throw error
      return refusal === 'rate-limited' ? show(c, signedIn, 429, signIn.tooMany) : show(c, signedIn, 401, factor.wrongPassword)
    }
    await sessionCookies.signOut(c)
    return c.redirect(`/sign-in?deleted&lang=${languageOf(c)}`, 303)
  })
}
