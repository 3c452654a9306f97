import { withContext } from '#platform/context.ts'
import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { NewPassword } from '../person/password.ts'
import type { PasswordRouteParts } from '../person/password-routes.ts'
import { normalizedEmail } from '../person/sealed-record.ts'
import { answer, asPerson, type C, languageOf, postedTo, refusalOf, to } from './page-kit.ts'
import { forgottenPage, noResetPage, passwordPage, resetPage } from './password-page.ts'
import { words } from './words.ts'

/** To change a password, and to have another after one was forgotten. */
export function passwordPageRoutes(app: PublicApp, { publicUrl, attempts, passwords, proofs, sessionCookies }: PasswordRouteParts): void {
  const posted = postedTo(app, publicUrl)
  const page = (c: C) => ({ language: languageOf(c), nonce: pageNonce(c) })

  app.get('/account/password', async (c) => {
    const signedIn = await sessionCookies.find(c)
    return signedIn ? answer(c, passwordPage({ ...page(c), wantsPassword: !proofs.isRecent(signedIn) })) : to(c, '/sign-in')
  })

  posted('/account/password', async (c, form) => {
    const signedIn = await sessionCookies.find(c)
    if (!signedIn) return to(c, '/sign-in')
    const { signIn, factor, faults } = words[languageOf(c)]
    const again = (fault: string, status: 401 | 422 | 429) => answer(c, passwordPage({ ...page(c), wantsPassword: !proofs.isRecent(signedIn), fault }), status)
    const chosen = NewPassword.safeParse(form.get('new') ?? '')
    if (!chosen.success) return again(faults.password, 422)
    try {
      await proofs.requirePerson(c, signedIn, form.get('password') ?? undefined)
    } catch (error) {
      const refusal = refusalOf(error)
      if (!refusal) throw error
      return refusal === 'rate-limited' ? again(signIn.tooMany, 429) : again(factor.wrongPassword, 401)
    }
    await asPerson(signedIn, () => passwords.change(signedIn, chosen.data))
    return to(c, '/account')
  })

  app.get('/sign-in/forgotten', (c) => answer(c, forgottenPage({ ...page(c), sent: false })))

  posted('/sign-in/forgotten', async (c, form) => {
    const email = form.get('email')?.slice(0, 254) ?? ''
    try {
      await attempts.count(normalizedEmail(email))
    } catch (error) {
      if (refusalOf(error) !== 'rate-limited') throw error
      return answer(c, forgottenPage({ ...page(c), sent: false, fault: words[languageOf(c)].signIn.tooMany }), 429)
    }
    await withContext({ actor: 'sign-in' }, () => passwords.mailReset(email, languageOf(c)))
    return answer(c, forgottenPage({ ...page(c), sent: true }))
  })

  // Looking at the link uses nothing up: programs that read mails do so.
  app.get('/sign-in/reset/:token', async (c) => {
    const token = c.req.param('token')
    return (await passwords.isOpen(token)) ? answer(c, resetPage({ ...page(c), token })) : answer(c, noResetPage(page(c)), 410)
  })

  posted('/sign-in/reset/:token', async (c, form) => {
    const token = c.req.param('token')!
    if (!(await passwords.isOpen(token))) return answer(c, noResetPage(page(c)), 410)
    const chosen = NewPassword.safeParse(form.get('new') ?? '')
    if (!chosen.success) return answer(c, resetPage({ ...page(c), token, fault: words[languageOf(c)].faults.password }), 422)
    try {
      await withContext({ actor: 'password-reset' }, () => passwords.reset(token, chosen.data))
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'gone')) throw error
      return answer(c, noResetPage(page(c)), 410)
    }
    return c.redirect(`/sign-in?reset&lang=${languageOf(c)}`, 303)
  })
}
