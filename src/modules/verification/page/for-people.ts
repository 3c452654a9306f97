import type { Context } from 'hono'
import type { Logger } from 'pino'
import { prefersHtml } from '#platform/http/accept.ts'
import type { PublicEnvironment } from '#platform/http/app.ts'
import { problemOf } from '#platform/http/problem-response.ts'
import { chooseLanguage } from '#platform/page/language.ts'
import { problemPage } from './problem-page.ts'

/** A person may be erased at any time, and no cache between us and a reader would hear of it. */
export const uncached = { 'cache-control': 'no-cache', vary: 'accept, accept-language' }
export const RETRY_SECONDS = 15

export type ForPeople = (c: Context<PublicEnvironment>, missing: 'missing' | 'missingIssuer', answer: () => Promise<Response>) => Promise<Response>

/** A person who meets a refusal sees a page with a sentence, a program the problem. */
export const createForPeople = (log: Logger): ForPeople => async (c, missing, answer) => {
  try {
    return await answer()
  } catch (error) {
    if (!prefersHtml(c.req.header('accept'))) throw error
    const problem = problemOf(error, log)
    const headers: Record<string, string> = { 'cache-control': 'no-store', vary: 'accept, accept-language' }
    if (problem.status >= 503) headers['retry-after'] = String(problem.retryAfterSeconds ?? RETRY_SECONDS)
    const language = chooseLanguage(c.req.query('lang'), c.req.header('accept-language'))
    return c.html(problemPage(problem, { language, missing }), problem.status as 404, headers)
  }
}
