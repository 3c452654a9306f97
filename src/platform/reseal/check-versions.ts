import type { FetchedKey } from '../crypto/key-ring.ts'
import type { Schema } from '../database/schema.ts'
import { ownBeginnings, sealedColumns } from '../database/sealed-columns.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { installation } from '../organization-id.ts'

/**
 * A sentence for each column that has values of the installation or of organizations which no key opens any more: after a restore of data
 * from before a rotation with keys from after the retirement.
 */
export async function findLostVersions(
  database: PlatformDatabase, schema: Schema, fetchKeys: (subjects: string[]) => Promise<readonly FetchedKey[]>,
): Promise<string[]> {
  const faults: string[] = []
  for (const where of sealedColumns(schema))
    for (const { beginning, found } of await ownBeginnings(database, where, installation)) {
      const bytes = Buffer.from(beginning)
      const [subject, version] = [bytes.toString('utf8', 3, bytes.length - 4), bytes.readUInt32BE(bytes.length - 4)]
      if ((await fetchKeys([subject])).some((key) => key.version === version && !key.erased)) continue
      faults.push(`${where.table}.${where.column}: ${found} values are sealed with version ${version} of the data key of ${subject}, which is retired: a backup of keys from before that opens them.`)
    }
  return faults
}
