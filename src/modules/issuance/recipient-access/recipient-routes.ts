import { getCookie, setCookie } from 'hono/cookie'
import { recipientCookie } from '#platform/http/session-cookie.ts'
import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { answer, languageOf, type PageRequest, postedTo, to } from '#platform/page/form-page.ts'
import { Problem } from '#platform/problem.ts'
import { Slug } from '#modules/identity/index.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { ErasureRequests } from './erasure-requests.ts'
import type { RequestLink } from './link-requests.ts'
import { ownCredentials } from './own-credentials.ts'
import { askPage, enterPage, erasedPage, erasurePage, homePage, leftPage, oldLinkPage, problemPage, sentPage, type Visit } from './page/recipient-pages.ts'
import { words } from './page/words.ts'
import { recipientPerson } from './recipient-mails.ts'
import { type RecipientSession, type RecipientSessions, sessionMinutes } from './recipient-sessions.ts'

export interface RecipientParts {
  readonly requestLink: RequestLink
  readonly recipientSessions: RecipientSessions
  readonly erasureRequests: ErasureRequests
}

type HereVisit = Visit & { readonly organizationId: OrganizationId }
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const linkToken = /^[\w-]{43}$/

/**
 * Pages for recipients, who have no account: a mailed link opens them for a while (docs/decisions/0213). They need no script, and forms
 * answer to themselves and to the public pages alone.
 */
export function recipientRoutes(app: PublicApp, context: IssuanceContext, { requestLink, recipientSessions, erasureRequests }: RecipientParts): void {
  const { clients, publicUrl, log } = context
  const cookieName = recipientCookie(publicUrl)
  const posted = postedTo(app, publicUrl, (c) => problemPage(pageOf(c), 'foreign'))

  const pageOf = (c: PageRequest) => ({ language: languageOf(c), nonce: pageNonce(c) })
  const cookieOf = (c: PageRequest): string | undefined => {
    const value = getCookie(c, cookieName)
    return value !== undefined && linkToken.test(value) ? value : undefined
  }
  const setSession = (c: PageRequest, value: string, maxAge: number) =>
    setCookie(c, cookieName, value, { httpOnly: true, sameSite: 'Strict', secure: publicUrl.startsWith('https:'), path: '/', maxAge })

  async function visitOf(c: PageRequest): Promise<HereVisit> {
    const slug = Slug.safeParse(c.req.param('slug'))
    // What cannot be a slug is nobody's.
    if (!slug.success) throw new Problem('not-found', 'There is no such organization.')
    const { id, name } = await clients.identity.organization({ slug: slug.data })
    return { ...pageOf(c), issuer: { slug: slug.data, name }, organizationId: id as OrganizationId }
  }

  /** A page for whoever meets a refusal. */
  async function forPeople(c: PageRequest, work: (visit: HereVisit) => Promise<Response> | Response): Promise<Response> {
    try {
      return await work(await visitOf(c))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const { code, retryAfterSeconds, status } = error
      if (retryAfterSeconds !== undefined) c.header('retry-after', String(retryAfterSeconds))
      if (code === 'not-found') return answer(c, problemPage(pageOf(c), 'missing'), 404)
      if (code === 'rate-limited') return answer(c, problemPage(pageOf(c), 'tooMany'), 429)
      if (status < 500) throw error
      log.warn({ err: error }, 'a page for recipients')
      return answer(c, problemPage(pageOf(c), 'away'), 503)
    }
  }

  /** For who is in at this organization; everyone else may ask for a link, and the erased are told so. */
  const inside = (c: PageRequest, work: (visit: HereVisit, session: RecipientSession) => Promise<Response> | Response) =>
    forPeople(c, async (visit) => {
      const cookie = cookieOf(c)
      const session = cookie === undefined ? undefined : await recipientSessions.find(cookie)
      if (session === 'erased') return answer(c, erasedPage(visit), 410)
      if (!session || session.organizationId !== visit.organizationId) {
        const isFirst = c.req.method === 'GET' && cookie === undefined
        return answer(c, askPage(visit, isFirst ? undefined : words[visit.language].ended), isFirst ? 200 : 401)
      }
      return work(visit, session)
    })

  app.get('/recipient/:slug', (c) => inside(c, async (visit, session) => {
    const after = c.req.query('after')
    const [person, { credentials, next }, request] = await Promise.all([
      recipientPerson(context, session.organizationId, session.recipientId),
      ownCredentials(context, session, after !== undefined && uuid.test(after) ? after : undefined),
      erasureRequests.newestOf(session),
    ])
    return answer(c, homePage(visit, { person, expiresAt: session.expiresAt, credentials, after, next, request }))
  }))

  posted('/recipient/:slug/link', (c, form) => forPeople(c, async (visit) => {
    const [email, credentialId] = ['email', 'credential'].map((name) => form.get(name)?.slice(0, 254))
    await requestLink(visit.organizationId, email !== undefined ? { email } : { credentialId: credentialId ?? '' })
    return answer(c, sentPage(visit))
  }))

  // Where the link to the other language leads from the answer to a form.
  for (const path of ['/recipient/:slug/link', '/recipient/:slug/leave', '/recipient/:slug/erasure/take-back'])
    app.get(path, (c) => forPeople(c, ({ issuer }) => to(c, `/recipient/${issuer.slug}`)))

  app.get('/recipient/:slug/link/:token', (c) => forPeople(c, async (visit) => {
    const { token } = c.req.param()
    const isGood = linkToken.test(token) && (await recipientSessions.isGood(visit.organizationId, token))
    return isGood ? answer(c, enterPage(visit, token)) : answer(c, oldLinkPage(visit), 410)
  }))

  posted('/recipient/:slug/link/:token', (c) => forPeople(c, async (visit) => {
    const session = await recipientSessions.open(visit.organizationId, c.req.param('token')!, cookieOf(c))
    if (session === undefined) return answer(c, oldLinkPage(visit), 410)
    setSession(c, session, sessionMinutes * 60)
    return to(c, `/recipient/${visit.issuer.slug}`)
  }))

  posted('/recipient/:slug/leave', (c) => forPeople(c, async (visit) => {
    const cookie = cookieOf(c)
    if (cookie !== undefined) await recipientSessions.end(cookie)
    setSession(c, '', 0)
    return answer(c, leftPage(visit))
  }))

  app.get('/recipient/:slug/erasure', (c) => inside(c, (visit) => answer(c, erasurePage(visit))))

  posted('/recipient/:slug/erasure', (c) => inside(c, async ({ issuer }, session) => {
    await erasureRequests.ask(session)
    return to(c, `/recipient/${issuer.slug}`)
  }))

  posted('/recipient/:slug/erasure/take-back', (c) => inside(c, async ({ issuer }, session) => {
    await erasureRequests.takeBack(session)
    return to(c, `/recipient/${issuer.slug}`)
  }))
}
