import { withContext } from '#platform/context.ts'
import { pageNonce } from '#platform/http/security-headers.ts'
import type { PublicApp } from '#platform/module.ts'
import { languageOf, type PageRequest, postedTo as postedToPage } from '#platform/page/form-page.ts'
import { Problem } from '#platform/problem.ts'
import type { SignedIn } from '../session/signed-in.ts'
import { refusedPage } from './sign-in-page.ts'

export { answer, languageOf, to } from '#platform/page/form-page.ts'

export type C = PageRequest

/** On to where the second factor is set up that an organization asks for. */
export const toSecondFactor = (c: C) => c.redirect(`/account/second-factor?required&lang=${languageOf(c)}`, 303)

/** What is done is done by this person, as the audit tells it. */
export const asPerson = <R>({ personId }: SignedIn, work: () => Promise<R>): Promise<R> => withContext({ actor: `person:${personId}` }, work)

/** Adds what answers a form of a page of ours. */
export const postedTo = (app: PublicApp, publicUrl: string) => postedToPage(app, publicUrl, (c) => refusedPage(languageOf(c), pageNonce(c)))

/** The refusal of an attempt: undefined for any other error. */
export const refusalOf = (error: unknown): 'unauthenticated' | 'rate-limited' | undefined =>
  error instanceof Problem && (error.code === 'unauthenticated' || error.code === 'rate-limited') ? error.code : undefined
