import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { CopiedRow, TableShape } from '../database/table-shapes.ts'
import type { Manifest } from './manifest.ts'
import { readRows } from './rows-file.ts'

/** Tells of an outbox row whether a subscriber in the same backup has not applied it. */
export type IsMissing = (row: { family: string; key: string; sequence: number }) => boolean

const columnsOf = ({ columns }: TableShape, names: readonly string[]): number[] =>
  names.map((wanted) => columns.findIndex(([name]) => name === wanted))

/** How far each key of each subscription is, in the copies of the modules that hear this publisher. */
async function positionsOf(folder: string, manifest: Manifest, subscription: string, subscriber: string): Promise<Map<string, number>> {
  const positions = new Map<string, number>()
  const file = manifest.modules.find(({ module }) => module === subscriber)?.files.find(({ part }) => part === 'rows')
  if (!file) return positions
  const rows = await readRows(createReadStream(join(folder, file.name)))
  for await (const { shape, rows: some } of rows.tables((table) => table === 'inbox_positions')) {
    const [of, key, position] = columnsOf(shape, ['subscription', 'key', 'position']) as [number, number, number]
    for (const row of some) if (row[of] === subscription) positions.set(String(row[key]), Number(row[position]))
  }
  return positions
}

/**
 * The relay of a restored publisher sends again what a restored subscriber, whose copy is older, has not applied; a subscriber
 * that is not in the backup may have applied nothing.
 * @param hears each module with the families that it hears of this publisher
 */
export async function missingEvents(
  folder: string,
  manifest: Manifest,
  publisher: string,
  hears: Readonly<Record<string, readonly string[]>>,
): Promise<IsMissing> {
  const positions: { family: string; of: Map<string, number> }[] = []
  for (const [subscriber, families] of Object.entries(hears))
    for (const family of families)
      positions.push({ family, of: await positionsOf(folder, manifest, `${publisher}/${family}`, subscriber) })
  return ({ family, key, sequence }) => positions.some((known) => known.family === family && (known.of.get(key) ?? 0) < sequence)
}

/** Rows of the outbox as if those that are missing somewhere had never been relayed; other tables as they are. */
export function unrelayed(shape: TableShape, rows: readonly CopiedRow[], isMissing: IsMissing): readonly CopiedRow[] {
  if (shape.table !== 'outbox') return rows
  const [family, key, sequence] = columnsOf(shape, ['family', 'key', 'sequence']) as [number, number, number]
  const relayed = columnsOf(shape, ['relayed_at', 'relay_number'])
  return rows.map((row) =>
    isMissing({ family: String(row[family]), key: String(row[key]), sequence: Number(row[sequence]) })
      ? row.map((value, at) => (relayed.includes(at) ? null : value))
      : row)
}
