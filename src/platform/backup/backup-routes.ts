import { Readable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { SealedFiles } from '../blobs/sealed-blobs.ts'
import { callHeaders } from '../call/headers.ts'
import { bearerOf, type ServiceTokens } from '../call/service-token.ts'
import type { Schema } from '../database/schema.ts'
import { openSnapshot } from '../database/snapshot.ts'
import { copiedRow, type TableShape, tableShapes } from '../database/table-shapes.ts'
import { problemOf, problemResponse } from '../http/problem-response.ts'
import type { LateRows } from '../module.ts'
import { Problem } from '../problem.ts'
import { writeBlobs } from './blobs-file.ts'
import { rowsOfSnapshot, type TableRows, writeRows } from './rows-file.ts'

/**
 * What of a module is copied, in this order. `blobs`: its sealed files, with `since` those that were written from then on.
 * `rows`: one moment of its database, without data keys. `keys`: those alone. `late`: what others have seen of it since.
 */
export const backupParts = ['blobs', 'rows', 'keys', 'late'] as const
export type BackupPart = (typeof backupParts)[number]

/** Who may ask: the command line, and another process that takes the module over. */
const callers = ['cli', 'platform']

export const backupPath = (module: string, part: BackupPart | ':part'): string => `/internal/${module}/backup/${part}`

export interface BackupRoutesOptions {
  readonly module: string
  readonly version: string
  readonly schema: Schema
  readonly databaseUrl: string
  readonly keyTables: readonly string[]
  readonly files: SealedFiles
  readonly late: ((since: Date) => LateRows) | undefined
  readonly tokens: ServiceTokens
  readonly log: Logger
}

/**
 * Answers `GET /internal/{module}/backup/{part}` with a stream that takes at most half of this thread's time. A stream that
 * breaks lacks its last line.
 */
export function mountBackup(app: Hono, options: BackupRoutesOptions): void {
  const { module, tokens, log } = options
  app.get(backupPath(module, ':part'), async (c) => {
    try {
      const caller = await tokens.verify(bearerOf(c.req.header(callHeaders.authorization)), module)
      if (!callers.includes(caller)) throw new Problem('forbidden', 'A module is copied by the command line alone.')
      const part = backupParts.find((known) => known === c.req.param('part'))
      if (!part) throw new Problem('not-found', `A module is copied in the parts ${backupParts.join(', ')}.`)
      const since = c.req.query('since')
      const content = partOf(options, part, since === undefined ? undefined : new Date(since))
      const stream = Readable.toWeb(Readable.from(logged(gently(content), log)))
      return new Response(stream as unknown as ReadableStream<Uint8Array<ArrayBuffer>>, { headers: { 'cache-control': 'no-store' } })
    } catch (error) {
      return problemResponse(problemOf(error, log))
    }
  })
}

function partOf(options: BackupRoutesOptions, part: BackupPart, since: Date | undefined): AsyncIterable<string | Uint8Array> {
  const { module, schema, keyTables, late } = options
  const shapes = tableShapes(schema)
  const isKeys = ({ table }: TableShape) => keyTables.includes(table)
  switch (part) {
    case 'blobs':
      return writeBlobs(module, options.files, since)
    case 'rows':
      return rowsOf(options, shapes.filter((shape) => !isKeys(shape)))
    case 'keys':
      return rowsOf(options, shapes.filter(isKeys))
    case 'late':
      return rowsOf(options, [], lateRows(shapes, late?.(since ?? new Date())))
  }
}

async function* rowsOf(options: BackupRoutesOptions, shapes: readonly TableShape[], others?: TableRows) {
  const { module, version, databaseUrl } = options
  const snapshot = await openSnapshot(module, databaseUrl)
  try {
    const head = { module, version, takenAt: snapshot.takenAt.toISOString(), migrations: [...snapshot.migrations] }
    yield* writeRows(head, others ?? rowsOfSnapshot(snapshot, shapes))
  } finally {
    await snapshot.close()
  }
}

async function* lateRows(shapes: readonly TableShape[], late: LateRows | undefined): TableRows {
  if (!late) return {}
  for (;;) {
    const { done, value } = await late.next()
    if (done) return value
    const shape = shapes.find(({ table }) => table === value.table)
    if (!shape) throw new Error(`There is no table ${value.table}.`)
    yield { shape, rows: value.rows.map((row) => copiedRow(shape, row)) }
  }
}

/** Between two pieces the thread is given back, for as long as the last piece took. */
async function* gently(content: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun = performance.now()
  for await (const piece of content) {
    const tookMs = performance.now() - begun
    yield typeof piece === 'string' ? Buffer.from(piece) : piece
    await (tookMs < 1 ? nextTurn() : delay(tookMs))
    begun = performance.now()
  }
}

async function* logged(content: AsyncIterable<Uint8Array>, log: Logger): AsyncGenerator<Uint8Array> {
  try {
    yield* content
  } catch (error) {
    log.error({ err: error }, 'a copy of the module broke off')
    throw error
  }
}
