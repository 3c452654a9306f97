import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { Proofs } from '../session/proofs.ts'
import type { SecondFactors } from '../session/second-factors.ts'
import type { SessionCookies, SignedIn } from '../session/signed-in.ts'
import { answer, type C, languageOf, postedTo, refusalOf, to } from './page-kit.ts'
import { codePage, newCodesPage, newFactorPage, secondFactorPage } from './second-factor-page.ts'
import { words } from './words.ts'

interface Parts {
  readonly publicUrl: string
  readonly sessionCookies: SessionCookies
  readonly secondFactors: SecondFactors
  readonly proofs: Proofs
}

/** The second step of signing in, and what people change about how they sign in. */
export function secondFactorRoutes(app: PublicApp, { publicUrl, sessionCookies, secondFactors, proofs }: Parts, nextPage: RegExp): void {
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
  const changing = (path: string, show: (c: C, signedIn: SignedIn, fault: string) => Promise<ReturnType<typeof codePage>>, run: (c: C, signedIn: SignedIn, form: URLSearchParams) => Promise<Response>) =>
    posted(path, async (c, form) => {
      const signedIn = await sessionCookies.find(c)
      if (!signedIn) return to(c, '/sign-in')
      try {
        return await run(c, signedIn, form)
      } catch (error) {
        if (error instanceof Problem && error.code === 'forbidden') return answer(c, await show(c, signedIn, words[languageOf(c)].passkeys.wantsFactor), 403)
        const refusal = refusalOf(error)
        if (!refusal) throw error
        const { signIn, factor } = words[languageOf(c)]
        const tooMany = refusal === 'rate-limited'
        return answer(c, await show(c, signedIn, tooMany ? signIn.tooMany : factor.wrongPassword), tooMany ? 429 : 401)
      }
    })

  const factorPage = async (c: C, signedIn: SignedIn, more: { fault?: string; required?: boolean } = {}) =>
    secondFactorPage({ ...page(c), isSet: signedIn.secondFactor, hasAny: await proofs.hasSecond(signedIn), ...more })

  app.get('/account/second-factor', async (c) => {
    const signedIn = await sessionCookies.find(c)
    if (!signedIn) return to(c, '/sign-in')
    return answer(c, await factorPage(c, signedIn, { required: c.req.query('required') !== undefined }))
  })

  changing('/account/second-factor', (c, signedIn, fault) => factorPage(c, signedIn, { fault }), async (c, signedIn, form) => {
    // Who has a passkey adds no app by a password alone, and takes none away.
    await proofs.requireFactors(signedIn)
    const password = form.get('password') ?? ''
    if (signedIn.secondFactor) {
      await secondFactors.end(c, signedIn, password)
      return to(c, '/account')
    }
    return answer(c, newFactorPage({ ...page(c), ...(await secondFactors.begin(c, signedIn, password)) }))
  })

  changing('/account/second-factor/codes', (c, signedIn, fault) => factorPage(c, signedIn, { fault }), async (c, signedIn, form) => {
    if (!signedIn.secondFactor) return to(c, '/account/second-factor')
    await proofs.requireFactors(signedIn)
    return answer(c, newCodesPage({ ...page(c), recoveryCodes: await secondFactors.renewCodes(c, signedIn, form.get('password') ?? '') }))
  })

  changing('/account/second-factor/confirm', (c, signedIn, fault) => factorPage(c, signedIn, { fault }), async (c, signedIn, form) => {
    if (await secondFactors.confirm(c, signedIn, form.get('code') ?? '')) return to(c, '/account')
    return answer(c, newFactorPage({ ...page(c), fault: words[languageOf(c)].code.wrong }), 422)
  })
}
