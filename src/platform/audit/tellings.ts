import type { Logger } from 'pino'
import type { Client } from '../contract.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import type { platformContract } from '../platform-operations.ts'
import { chainHashes, chainHeads } from './chain-heads.ts'
import { createTellHeads, type TellHeads, type TellHeadsOptions } from './tell-heads.ts'
import { keepHeads, witnessedHeads } from './witness.ts'
import { witnessOf } from './witness-rule.ts'

export interface TellingsOptions {
  readonly module: string
  readonly database: PlatformDatabase
  readonly authority: string
  readonly modules: readonly string[]
  readonly platformClient: (caller: string, module: string) => Client<ReturnType<typeof platformContract<string>>>
  readonly everyMs: number
  readonly log: Logger
}

/**
 * What a module does for the heads of chains: it tells its own to the authority, and the witness of the authority fetches those of the
 * authority, which has no way to call anybody.
 */
export function tellingOf({ module, database, authority, modules, platformClient, everyMs, log }: TellingsOptions): TellHeads[] {
  const remote = platformClient(module, authority)
  const source: TellHeadsOptions['source'] = {
    auditHeads: (page) => chainHeads(database, page),
    auditHashes: async ({ at }) => ({ hashes: await chainHashes(database, at) }),
  }
  const witness: TellHeadsOptions['witness'] = {
    witnessedHeads: async (page) => ({ heads: await witnessedHeads(database, page) }),
    keepAuditHeads: async (told) => ({ held: await keepHeads(database, told) }),
  }
  return [
    ...(module === authority ? [] : [createTellHeads({ module, source, witness: remote, everyMs, log })]),
    ...(module === witnessOf(authority, authority, modules) ? [createTellHeads({ module: authority, source: remote, witness, everyMs, log })] : []),
  ]
}
