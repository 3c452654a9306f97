import type { Context } from 'hono'
import { withContext } from '#platform/context.ts'
import type { PublicEnvironment } from '#platform/http/app.ts'
import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { chooseLanguage, type Language } from '#platform/page/language.ts'
import { Problem } from '#platform/problem.ts'
import { isSameOrigin } from '../session/same-origin.ts'
import type { SignedIn } from '../session/signed-in.ts'
import type { Html } from './frame.ts'
import { refusedPage } from './sign-in-page.ts'

export type C = Context<PublicEnvironment>

export const languageOf = (c: C): Language => chooseLanguage(c.req.query('lang'), c.req.header('accept-language'))

export function answer(c: C, page: Html, status: 200 | 401 | 403 | 404 | 409 | 410 | 422 | 429 | 503 = 200) {
  c.header('cache-control', 'no-store')
  c.header('vary', 'accept-language, cookie')
  return c.html(page, status)
}

/** On to another page of ours. */
export const to = (c: C, path: string) => c.redirect(`${path}?lang=${languageOf(c)}`, 303)

/** What is done is done by this person, as the audit tells it. */
export const asPerson = <R>({ personId }: SignedIn, work: () => Promise<R>): Promise<R> => withContext({ actor: `person:${personId}` }, work)

/** Adds what answers a form: it gets the fields once it is known that they come from a page of ours. */
export const postedTo =
  (app: PublicApp, publicUrl: string) =>
  (path: string, run: (c: C, form: URLSearchParams) => Promise<Response>): void => {
    app.post(path, async (c) => {
      if (!isSameOrigin(c.req.raw.headers, publicUrl)) return answer(c, refusedPage(languageOf(c), pageNonce(c)), 403)
      if (!/^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '')) {
        throw new Problem('unsupported-media-type', 'Send the form as application/x-www-form-urlencoded.')
      }
      return run(c, new URLSearchParams(await c.req.text()))
    })
  }

/** The refusal of an attempt: undefined for any other error. */
export const refusalOf = (error: unknown): 'unauthenticated' | 'rate-limited' | undefined =>
  error instanceof Problem && (error.code === 'unauthenticated' || error.code === 'rate-limited') ? error.code : undefined
