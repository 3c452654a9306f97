import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import type { SessionCookies } from '../session/signed-in.ts'
import { answer, type C, languageOf, postedTo, refusalOf, to } from './page-kit.ts'
import { askLinkPage, followLinkPage, noLinkPage } from './sign-in-link-page.ts'
import { words } from './words.ts'

/** To sign in by a mailed link. Following it shows a button: programs that look at the links in a mail use none of them up. */
export function signInByLinkRoutes(app: PublicApp, { publicUrl, sessionCookies }: { publicUrl: string; sessionCookies: SessionCookies }): void {
  const posted = postedTo(app, publicUrl)
  const page = (c: C) => ({ language: languageOf(c), nonce: pageNonce(c) })

  app.get('/sign-in/link', (c) => answer(c, askLinkPage({ ...page(c), sent: false })))

  posted('/sign-in/link', async (c, form) => {
    try {
      await sessionCookies.mailLink(c, form.get('email')?.slice(0, 254) ?? '', languageOf(c))
      return answer(c, askLinkPage({ ...page(c), sent: true }))
    } catch (error) {
      if (refusalOf(error) !== 'rate-limited') throw error
      return answer(c, askLinkPage({ ...page(c), sent: false, fault: words[languageOf(c)].signIn.tooMany }), 429)
    }
  })

  async function show(c: C, token: string, fault?: string, status: 200 | 401 | 429 = 200) {
    const state = await sessionCookies.linkState(token)
    if (!state) return answer(c, noLinkPage(page(c)), 410)
    return answer(c, followLinkPage({ ...page(c), token, wantsCode: state === 'code', fault }), status)
  }

  app.get('/sign-in/link/:token', (c) => show(c, c.req.param('token')))

  posted('/sign-in/link/:token', async (c, form) => {
    const token = c.req.param('token')!
    try {
      await sessionCookies.signInByLink(c, token, form.get('code') ?? undefined)
      return to(c, '/account')
    } catch (error) {
      const refusal = refusalOf(error)
      if (!refusal) throw error
      const { signIn, code } = words[languageOf(c)]
      return show(c, token, refusal === 'rate-limited' ? signIn.tooMany : code.wrong, refusal === 'rate-limited' ? 429 : 401)
    }
  })
}
