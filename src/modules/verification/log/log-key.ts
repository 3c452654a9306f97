import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { installation } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { VerificationContext } from '../verification-context.ts'
import { logOrigin } from './checkpoint.ts'
import { type NoteSigner, noteSigner, type NoteVerifier, noteVerifier } from './signed-note.ts'

const ID = 'log'
const place = { organizationId: installation, table: 'log_keys', column: 'seed', row: ID }

export interface LogKey {
  readonly origin: string
  /** Makes the key at the first call ever; needs the installation's data key. */
  signer(): Promise<NoteSigner>
  /** Throws `Problem('unavailable')` before the first checkpoint. */
  verifier(): Promise<NoteVerifier>
}

/** The key of this installation's log, under the name of the log: docs/decisions/0030. */
export function createLogKey({ database, keys, publicUrl, now }: Pick<VerificationContext, 'database' | 'keys' | 'publicUrl' | 'now'>): LogKey {
  const origin = logOrigin(publicUrl)
  let made: Promise<NoteSigner> | undefined
  let known: NoteVerifier | undefined

  const stored = async () => {
    const { logKeys } = database.tables
    const [row] = await database.read.select().from(logKeys).where(eq(logKeys.id, ID))
    return row
  }

  async function load(): Promise<NoteSigner> {
    await keys.load([installation])
    if (!(await stored())) {
      const seed = randomBytes(32)
      const row = {
        id: ID,
        publicKey: noteSigner(origin, seed).publicKey,
        seed: keys.seal(installation, place, seed),
        createdAt: now(),
      }
      // Of two processes that start at once, one wins, and both sign with its key.
      await database.transaction(async (tx) => void (await tx.insert(tx.tables.logKeys).values(row).onConflictDoNothing()))
    }
    const row = await stored()
    return noteSigner(origin, keys.open(place, row!.seed))
  }

  return {
    origin,
    signer() {
      made ??= load()
      made.catch(() => (made = undefined))
      return made
    },
    async verifier() {
      if (known) return known
      const row = await stored()
      if (!row) throw new Problem('unavailable', 'The log has no key yet; try again in a moment.', { retryAfterSeconds: 5 })
      return (known = noteVerifier(origin, row.publicKey))
    },
  }
}
