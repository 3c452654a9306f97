import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { PasskeyName } from '../passkey/passkey-routes.ts'
import type { Passkeys } from '../passkey/passkeys.ts'
import type { Proofs } from '../session/proofs.ts'
import type { SessionCookies, SignedIn } from '../session/signed-in.ts'
import { answer, asPerson, type C, languageOf, postedTo, refusalOf, to } from './page-kit.ts'
import { passkeyPage, passkeysPage } from './passkey-page.ts'
import { words } from './words.ts'

export interface PasskeyPageParts {
  readonly publicUrl: string
  readonly sessionCookies: SessionCookies
  readonly passkeys: Passkeys
  readonly proofs: Proofs
}

/** One's passkeys. A script adds one by `/v1/passkeys`; the rest is done by forms. */
export function passkeyPageRoutes(app: PublicApp, { publicUrl, sessionCookies, passkeys, proofs }: PasskeyPageParts): void {
  const posted = postedTo(app, publicUrl)
  const page = (c: C, signedIn: SignedIn) => ({ language: languageOf(c), nonce: pageNonce(c), wantsPassword: !proofs.isRecent(signedIn) })

  app.get('/account/passkeys', async (c) => {
    const signedIn = await sessionCookies.find(c)
    if (!signedIn) return to(c, '/sign-in')
    return answer(c, passkeysPage({ ...page(c, signedIn), passkeys: await passkeys.list(signedIn.personId) }))
  })

  async function show(c: C, signedIn: SignedIn, fault?: string, status: 200 | 401 | 403 | 422 | 429 = 200) {
    const passkey = (await passkeys.list(signedIn.personId)).find(({ id }) => id === c.req.param('id'))
    if (!passkey) return to(c, '/account/passkeys')
    return answer(c, passkeyPage({ ...page(c, signedIn), passkey, fault }), status)
  }

  /** A form about the passkey of the address; what is refused is told on its page. */
  const changing = (path: string, run: (c: C, signedIn: SignedIn, form: URLSearchParams, id: string) => Promise<Response>) =>
    posted(path, async (c, form) => {
      const signedIn = await sessionCookies.find(c)
      if (!signedIn) return to(c, '/sign-in')
      try {
        return await asPerson(signedIn, () => run(c, signedIn, form, c.req.param('id')!))
      } catch (error) {
        const { signIn, factor, passkeys: say } = words[languageOf(c)]
        if (error instanceof Problem && error.code === 'not-found') return to(c, '/account/passkeys')
        if (error instanceof Problem && error.code === 'forbidden') return show(c, signedIn, say.wantsFactor, 403)
        const refusal = refusalOf(error)
        if (!refusal) throw error
        return show(c, signedIn, refusal === 'rate-limited' ? signIn.tooMany : factor.wrongPassword, refusal === 'rate-limited' ? 429 : 401)
      }
    })

  app.get('/account/passkeys/:id', async (c) => {
    const signedIn = await sessionCookies.find(c)
    return signedIn ? show(c, signedIn) : to(c, '/sign-in')
  })

  changing('/account/passkeys/:id', async (c, signedIn, form, id) => {
    const name = PasskeyName.safeParse(form.get('name') ?? '')
    if (!name.success) return show(c, signedIn, words[languageOf(c)].passkeys.nameFault, 422)
    await passkeys.rename(signedIn.personId, id, name.data)
    return to(c, '/account/passkeys')
  })

  changing('/account/passkeys/:id/remove', async (c, signedIn, form, id) => {
    await proofs.requireFactors(signedIn)
    await proofs.requirePerson(c, signedIn, form.get('password') ?? undefined)
    await passkeys.remove(signedIn.personId, id)
    return to(c, '/account/passkeys')
  })
}
