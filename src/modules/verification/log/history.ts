import { Problem } from '#platform/problem.ts'
import { createChainMemory } from '../anchor/chain-memory.ts'
import { ChainRefused, ChainUnavailable } from '../anchor/chain-errors.ts'
import type { VerificationContext } from '../verification-context.ts'
import { openCheckpoint, readCheckpointText } from './checkpoint.ts'
import type { LogKey } from './log-key.ts'
import { logSize, newestCheckpoint, nodeReader } from './log-store.ts'
import { equalHashes } from './merkle-hash.ts'
import { rootAt } from './merkle-tree.ts'
import { publishedCheckpoints, type SeenCheckpoint } from './recovery.ts'
import type { Witness } from './witness.ts'

/** Whether this database holds the log that the world has seen: docs/decisions/0182. */
export interface History {
  /**
   * Compares it with every checkpoint that is known of: in its own tables, in copies, in DATA_DIR, on the chain.
   * @throws {Problem} state-refused when it does not lead to one: what is appended then would tell another history
   */
  expectOurs(): Promise<void>
  /**
   * The same for who is about to use the chain's key, which would hide what the chain remembers: with a checkpoint in DATA_DIR
   * it was compared already. False: not now.
   */
  isOurs(): Promise<boolean>
}

export function createHistory(context: VerificationContext, key: Pick<LogKey, 'origin' | 'verifier'>, witness: Pick<Witness, 'recall'>): History {
  const { database, log } = context
  const { read, tables } = database
  const readNodes = nodeReader(read, tables)
  const anchoredElsewhere = createChainMemory(context)

  async function expectLeadsTo({ size, root, where }: SeenCheckpoint): Promise<void> {
    const here = await logSize(read, tables)
    if (here < size)
      throw new Problem('state-refused', `The log ends at ${here}, and a checkpoint of ${size} was published (${where}): nothing is appended until its leaves are back; run vellum log recover with a copy of the published log.`)
    if (!equalHashes(await rootAt(size, readNodes), root))
      throw new Problem('state-refused', `The log does not lead to the checkpoint of ${size} that was published (${where}); restore its tables, then start again.`)
  }

  async function witnessed(): Promise<SeenCheckpoint | undefined> {
    const note = await witness.recall()
    if (note === undefined) return undefined
    // Without a key there is no log here, whatever it was that was signed.
    const verifier = await key.verifier().catch(() => undefined)
    const where = 'DATA_DIR/log-checkpoint'
    if (!verifier) return { ...readCheckpointText(note), where }
    return { ...openCheckpoint(note, key.origin, [verifier]), where }
  }

  async function expectOurs(): Promise<void> {
    const own = await newestCheckpoint(database)
    if (own) await expectLeadsTo({ ...own, where: 'in this database' })
    const [published, kept] = [await publishedCheckpoints(database), await witnessed()]
    for (const seen of kept ? [...published, kept] : published) await expectLeadsTo(seen)
    try {
      const anchored = await anchoredElsewhere()
      if (anchored) await expectLeadsTo(anchored)
    } catch (error) {
      const silent = error instanceof ChainUnavailable || error instanceof ChainRefused
      // Whoever restored a database by hand has nothing but the chain to ask: it is asked until it answers.
      if (!silent || (own && !kept && published.length === 0)) throw error
      log.warn({}, 'the chain could not be asked for anchors that are not known here')
    }
  }
  return {
    expectOurs,
    async isOurs() {
      if ((await witness.recall()) !== undefined) return true
      try {
        await expectOurs()
        return true
      } catch (error) {
        if (error instanceof Problem) return false
        throw error
      }
    },
  }
}
