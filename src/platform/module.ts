import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Blobs } from './blobs/blobs.ts'
import type { Check } from './check.ts'
import type { Client, Contract, DocumentLink, Handlers } from './contract.ts'
import type { KeyRing } from './crypto/key-ring-types.ts'
import type { Database, Transaction } from './database/database.ts'
import type { Schema } from './database/schema.ts'
import type { EventDefinition, EventEnvelope } from './event.ts'
import type { PublicEnvironment } from './http/app.ts'
import type { OrganizationId } from './organization-id.ts'
import type { UsedCredentials } from './platform-operations.ts'
import type { MeasureSource } from './telemetry/metrics.ts'
import type { FindHistory } from './timeline.ts'
import type { FindUsage } from './usage.ts'
import type { SingleWork } from './work/single-work.ts'
import type { StepDefinition, StepGivenUp, StepRunner } from './work/step.ts'

/** Routes that anyone may reach through the front door; the platform has put limits, problems and the token check before them. */
export type PublicApp = OpenAPIHono<PublicEnvironment>

/**
 * Applies one event. What needs waiting (keys, cryptography) happens first; the returned callback holds every effect and
 * commits together with the inbox row. It may run again after a crash before that commit, never after.
 */
export type EventHandler<T, E extends EventDefinition = EventDefinition> = (
  event: EventEnvelope<E>,
) => Promise<void | ((tx: Transaction<T>) => Promise<void>)>

/** Binds a handler to an event of another module with the handler's argument typed by the event. */
export interface Subscription<T> {
  readonly publisher: string
  readonly event: EventDefinition
  readonly handler: EventHandler<T, any>
}

export const subscribe = <T, E extends EventDefinition>(
  publisher: string,
  event: E,
  handler: EventHandler<T, E>,
): Subscription<T> => ({ publisher, event, handler })

/** Binds the code that runs a kind of step to its definition. */
export interface StepBinding<T> {
  readonly definition: StepDefinition
  readonly runner: StepRunner<any, T>
  readonly givenUp?: StepGivenUp<any, T>
}

export const runStep = <T, I extends z.ZodType>(
  definition: StepDefinition<I>,
  runner: StepRunner<z.output<I>, T>,
  givenUp?: StepGivenUp<z.output<I>, T>,
): StepBinding<T> => ({ definition, runner, ...(givenUp && { givenUp }) })

/** Makes links to this module's own sealed blobs for other modules; see `DocumentLink`. */
export interface Documents {
  link(document: { blob: string; organizationId: OrganizationId; mediaType: string; fileName: string }): DocumentLink
}

/** Everything that a module is given. It reaches for nothing else: no environment, no globals, no other module. */
export interface ModuleContext<T, U extends Record<string, Contract>, K> {
  readonly name: string
  readonly config: K
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly database: Database<T>
  readonly clients: { readonly [N in keyof U]: Client<U[N]> }
  readonly openDocument: (link: DocumentLink, options?: { signal?: AbortSignal }) => Promise<ReadableStream<Uint8Array>>
  readonly documents: Documents
  readonly keys: KeyRing
  readonly blobs: Blobs
  readonly log: Logger
  readonly now: () => Date
  /** Aborted when the process begins to stop: who answers for as long as somebody listens ends it then. */
  readonly stopping: AbortSignal
  readonly singleWork: SingleWork
  /** What an organization has used, and what it may: put together out of all modules. */
  readonly usage: FindUsage
  /** The names of all modules of the program, wherever they run: whose word is waited for. */
  readonly modules: readonly string[]
}

/** Rows of some of the module's tables by their properties; what it returns is told beside them, as plain JSON. */
export type LateRows = AsyncGenerator<
  { readonly table: string; readonly rows: readonly Readonly<Record<string, unknown>>[] },
  Readonly<Record<string, unknown>>
>

/** What a module found when it looked at its own data: a page of it. */
export interface CheckedPage {
  /** By what it is: `credentials`, `leaves`. */
  readonly checked: Readonly<Record<string, number>>
  /** A sentence each, with ids and no names. */
  readonly faults: readonly string[]
  /** Where the next page begins; absent on the last. */
  readonly next?: string | undefined
}

/** A file of an export. */
export interface ExportedFile {
  /** Below the module's folder, made of ids: `credentials/{id}.json`. */
  readonly name: string
  readonly content: Uint8Array
  /** What the audit calls that which is in it. */
  readonly targets?: readonly string[]
}

/** All that a module holds of somebody, one file at a time. Secrets are not in it, and nobody else's data. */
export interface Exports {
  /** Throws `Problem`: `not-found` where the module is who would know the person, `gone` of an erased one. */
  readonly person: (organizationId: OrganizationId, recipientId: string) => AsyncIterable<ExportedFile>
  readonly organization: (organizationId: OrganizationId) => AsyncIterable<ExportedFile>
}

export interface ModuleParts<C extends Contract, T> {
  readonly handlers: Handlers<C>
  readonly routes?: (app: PublicApp) => void
  readonly subscriptions?: readonly Subscription<T>[]
  readonly steps?: readonly StepBinding<T>[]
  /** What `/metrics` tells of it beyond what the platform measures, each named `vellum_{module}_…`. */
  readonly measures?: MeasureSource
  /** Its part of what a person and an organization may take with them. The audit's part is the platform's. */
  readonly exports?: Exports
  /** What it counts of an organization in a month, such as 2026-11. */
  readonly usage?: (organizationId: OrganizationId, month: string) => Promise<z.output<typeof UsedCredentials>>
  /** Its part of the timeline that `vellum trace` prints. */
  readonly history?: FindHistory
  /** Runs once after the migrations and before any traffic; may write. */
  readonly prepare?: () => Promise<void>
  /** Runs after listeners closed and steps drained. */
  readonly stop?: () => Promise<void>
  /**
   * What a backup must add to the module's own moment, which is older than that of the modules that it hears: read when all
   * are taken, and put into the restored tables beside the rest.
   */
  readonly late?: (since: Date) => LateRows
  /** Opens and verifies what is stored: a page, from the first on. For a restore, and for whoever doubts. */
  readonly checkStored?: (after: string | undefined) => Promise<CheckedPage>
}

/**
 * One business capability. `start` composes it from what it is given and has no effect of its own;
 * what must happen at start belongs into `prepare`.
 */
export interface ModuleDefinition<
  C extends Contract = Contract,
  U extends Record<string, Contract> = Record<string, Contract>,
  T = any,
  K extends z.ZodType = z.ZodType,
> {
  readonly contract: C
  /** Contracts of the modules that it calls. The graph has no cycle. */
  readonly uses: U
  readonly publishes: readonly EventDefinition[]
  /** Whose events it hears: `{ issuance: ['credential'] }` — whole families, because order needs every number. */
  readonly subscribes: Readonly<Record<string, readonly string[]>>
  readonly schema: Schema<T>
  /** Tables with data keys, which a backup of data leaves out: docs/decisions/0181. */
  readonly keyTables?: readonly string[]
  /** Read from the environment; every error of every module is printed at once. */
  readonly config: K
  /** What `vellum doctor` looks at beyond what the platform does, with the module's settings. */
  readonly checks?: (config: z.output<K>) => readonly Check[]
  readonly start: (context: ModuleContext<T, U, z.output<K>>) => ModuleParts<C, T>
}

export const defineModule = <
  C extends Contract,
  U extends Record<string, Contract>,
  T,
  K extends z.ZodType,
>(definition: ModuleDefinition<C, U, T, K>): ModuleDefinition<C, U, T, K> => definition

/** A module whose types only it knows: what the platform hosts. */
export type AnyModule = ModuleDefinition<any, any, any, any>

/** An entry of the registry: how to load a module, and which public paths belong to it (the gateway forwards by these). */
export interface RegistryEntry {
  readonly paths: readonly string[]
  readonly load: () => Promise<AnyModule>
}
export type Registry = Readonly<Record<string, RegistryEntry>>
