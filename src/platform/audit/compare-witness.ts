import type { Client } from '../contract.ts'
import type { platformContract } from '../platform-operations.ts'
import { judge } from './witness-rule.ts'

type Platform = Client<ReturnType<typeof platformContract<string>>>

/** A chain that is not what its witness was told. */
export interface Contradicted {
  readonly module: string
  readonly organizationId: string
  /** Of the entry that was witnessed. */
  readonly sequence: number
  /** `set-back`: the module's database says that it was restored, and the witness has not heard of that yet. */
  readonly reason: 'cut' | 'rewritten' | 'set-back'
}

const pageSize = 500

/** Holds every head that was witnessed of a module against the module's chains. Reads only. */
export async function compareWithWitness(
  module: string,
  source: Pick<Platform, 'auditHeads' | 'auditHashes'>,
  witness: Pick<Platform, 'witnessedHeads'>,
): Promise<{ witnessed: number; contradicted: Contradicted[] }> {
  const contradicted: Contradicted[] = []
  let witnessed = 0
  for (let after: string | undefined; ; ) {
    const { heads } = await witness.witnessedHeads({ module, limit: pageSize, ...(after !== undefined && { after }) })
    if (heads.length > 0) {
      // After the witness was asked: what it was told is in the chain by then.
      const { hashes } = await source.auditHashes({ at: heads.map(({ organizationId, sequence }) => ({ organizationId, sequence })) })
      const { restoration } = await source.auditHeads({ limit: 1 })
      heads.forEach((held, index) => {
        const { organizationId, sequence } = held
        const since = { sequence, hash: hashes[index] ?? null }
        const verdict = judge(held, { organizationId, sequence, hash: held.hash, since }, restoration)
        if (verdict !== 'goes-on' && verdict !== 'stale') contradicted.push({ module, organizationId, sequence, reason: verdict })
      })
    }
    witnessed += heads.length
    if (heads.length < pageSize) return { witnessed, contradicted }
    after = heads.at(-1)!.organizationId
  }
}
