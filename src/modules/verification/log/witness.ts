import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { placeFile } from '#platform/blobs/durable-files.ts'
import type { VerificationConfig } from '../config.ts'

/** The newest checkpoint, kept outside the database: an older database that takes its place is found out. */
export interface Witness {
  /** Durable when it resolves. Called before a checkpoint is shown to anybody. */
  remember(note: string): Promise<void>
  /** The note; undefined where there is none yet. */
  recall(): Promise<string | undefined>
}

/** `{DATA_DIR}/log-checkpoint`: docs/decisions/0182. */
export function fileWitness({ DATA_DIR }: Pick<VerificationConfig, 'DATA_DIR'>): Witness {
  const path = join(DATA_DIR, 'log-checkpoint')
  return {
    remember: (note) => placeFile(path, join(DATA_DIR, `.log-checkpoint.${randomUUID()}.tmp`), Buffer.from(note)),
    async recall() {
      try {
        return await readFile(path, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        return undefined
      }
    },
  }
}
