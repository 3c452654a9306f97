import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { NewPassword } from '../person/password.ts'
import type { SecondFactors } from '../session/second-factors.ts'
import type { SessionCookies, SignedIn } from '../session/signed-in.ts'
import { answer, type C, languageOf, postedTo, refusalOf, to } from './page-kit.ts'
import { codePage, newFactorPage, passwordPage, secondFactorPage } from './second-factor-page.ts'
import { words } from './words.ts'

interface Parts {
  readonly publicUrl: string
  readonly sessionCookies: SessionCookies
  readonly secondFactors: SecondFactors
}

/** The second step of signing in, and what people change about how they sign in. */
export function secondFactorRoutes(app: PublicApp, { publicUrl, sessionCookies, secondFactors }: Parts, nextPage: RegExp): void {
  const posted = postedTo(app, publicUrl)
  const page = (c: C) => ({ language: languageOf(c), nonce: pageNonce(c) })
  const nextOf = (value: string | null | undefined) => nextPage.exec(value ?? '')?.[0]

  app.get('/sign-in/code', (c) => answer(c, codePage({ ...page(c), next: nextOf(c.req.query('next')) })))

  posted('/sign-in/code', async (c, form) => {
    const next = nextOf(form.get('next'))
    try {
      await sessionCookies.secondFactor(c, form.get('code') ?? '')
      return to(c, next ?? '/account')
    } catch (error) {
      const refusal = refusalOf(error)
      if (!refusal) throw error
      const { signIn, code } = words[languageOf(c)]
      const tooMany = refusal === 'rate-limited'
      return answer(c, codePage({ ...page(c), next, fault: tooMany ? signIn.tooMany : code.wrong }), tooMany ? 429 : 401)
    }
  })

  /** A form of somebody who is signed in; what is wrong with its password is told on the page that `show` makes. */
  const changing = (path: string, show: (c: C, signedIn: SignedIn, fault: string) => ReturnType<typeof codePage>, run: (c: C, signedIn: SignedIn, form: URLSearchParams) => Promise<Response>) =>
    posted(path, async (c, form) => {
      const signedIn = await sessionCookies.find(c)
      if (!signedIn) return to(c, '/sign-in')
      try {
        return await run(c, signedIn, form)
      } catch (error) {
        const refusal = refusalOf(error)
        if (!refusal) throw error
        const { signIn, factor } = words[languageOf(c)]
        const tooMany = refusal === 'rate-limited'
        return answer(c, show(c, signedIn, tooMany ? signIn.tooMany : factor.wrongPassword), tooMany ? 429 : 401)
      }
    })

  app.get('/account/second-factor', async (c) => {
    const signedIn = await sessionCookies.find(c)
    if (!signedIn) return to(c, '/sign-in')
    return answer(c, secondFactorPage({ ...page(c), isSet: signedIn.secondFactor }))
  })

  changing('/account/second-factor', (c, { secondFactor }, fault) => secondFactorPage({ ...page(c), isSet: secondFactor, fault }), async (c, signedIn, form) => {
    const password = form.get('password') ?? ''
    if (signedIn.secondFactor) {
      await secondFactors.end(c, signedIn, password)
      return to(c, '/account')
    }
    return answer(c, newFactorPage({ ...page(c), ...(await secondFactors.begin(c, signedIn, password)) }))
  })

  changing('/account/second-factor/confirm', (c, _, fault) => secondFactorPage({ ...page(c), isSet: false, fault }), async (c, signedIn, form) => {
    if (await secondFactors.confirm(c, signedIn, form.get('code') ?? '')) return to(c, '/account')
    return answer(c, newFactorPage({ ...page(c), fault: words[languageOf(c)].code.wrong }), 422)
  })

  app.get('/account/password', async (c) => ((await sessionCookies.find(c)) ? answer(c, passwordPage(page(c))) : to(c, '/sign-in')))

  changing('/account/password', (c, _, fault) => passwordPage({ ...page(c), fault }), async (c, signedIn, form) => {
    const chosen = NewPassword.safeParse(form.get('new') ?? '')
    if (!chosen.success) return answer(c, passwordPage({ ...page(c), fault: words[languageOf(c)].faults.password }), 422)
    await secondFactors.changePassword(c, signedIn, form.get('password') ?? '', chosen.data)
    return to(c, '/account')
  })
}
