import { AsyncLocalStorage } from 'node:async_hooks'
import type { OrganizationId } from './organization-id.ts'
import type { Language } from './page/language.ts'

/** What travels with a piece of work without being an argument: for logs, spans, deadlines and the second wall around a tenant. */
export interface Context {
  /** Present inside an authenticated request or an organization's own step: Postgres then shows no other organization's rows. */
  readonly organizationId?: OrganizationId
  /** Who acts, for the audit: `client:{id}`, `key:{id}`, `person:{id}`, `recipient:{id}`, `module:{name}`, `cli`, `system`. */
  readonly actor?: string
  /** Where the request came from, for the audit: an IPv4 address, or the /64 network of an IPv6 address. */
  readonly address?: string
  /** That a person's request asks for: of mails that come of it. */
  readonly language?: Language
  /** W3C Trace Context `traceparent` of the current span. */
  readonly traceparent?: string
  /** Milliseconds since the epoch after which nobody waits for the answer any more. */
  readonly deadline?: number
  /** Set inside a database transaction; a client call made there throws. */
  readonly transaction?: true
}

const storage = new AsyncLocalStorage<Context>()

export const currentContext = (): Context => storage.getStore() ?? {}

/** Runs `work` with the given fields laid over the present context. */
export const withContext = <T>(fields: Context, work: () => T): T =>
  storage.run({ ...storage.getStore(), ...fields }, work)

/** Runs `work` with this context alone: nothing of the caller's leaks in. */
export const inContext = <T>(context: Context, work: () => T): T => storage.run(context, work)
