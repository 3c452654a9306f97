import type { Context } from 'hono'
import type { PublicEnvironment } from '../http/app.ts'
import { isSameOrigin } from '../http/same-origin.ts'
import type { PublicApp } from '../module.ts'
import { Problem } from '../problem.ts'
import type { Html } from './form-frame.ts'
import { chooseLanguage, type Language } from './language.ts'

export type PageRequest = Context<PublicEnvironment>

export const languageOf = (c: PageRequest): Language => chooseLanguage(c.req.query('lang'), c.req.header('accept-language'))

/** A page of somebody's own: kept nowhere. */
export function answer(c: PageRequest, page: Html, status: 200 | 401 | 403 | 404 | 409 | 410 | 422 | 429 | 503 = 200) {
  c.header('cache-control', 'no-store')
  c.header('vary', 'accept-language, cookie')
  return c.html(page, status)
}

/** On to another page of ours. */
export const to = (c: PageRequest, path: string) => c.redirect(`${path}?lang=${languageOf(c)}`, 303)

/**
 * Adds what answers a form: it gets the fields once it is known that they come from a page of ours; to others `refused` is
 * shown.
 */
export const postedTo =
  (app: PublicApp, publicUrl: string, refused: (c: PageRequest) => Html) =>
  (path: string, run: (c: PageRequest, form: URLSearchParams) => Promise<Response>): void => {
    app.post(path, async (c) => {
      if (!isSameOrigin(c.req.raw.headers, publicUrl)) return answer(c, refused(c), 403)
      if (!/^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '')) {
        throw new Problem('unsupported-media-type', 'Send the form as application/x-www-form-urlencoded.')
      }
      return run(c, new URLSearchParams(await c.req.text()))
    })
  }
