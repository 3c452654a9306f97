import type { ModuleContext } from '#platform/module.ts'
import type { identity } from '#modules/identity/index.ts'
import type { IssuanceConfig } from './config.ts'
import type { IssuanceTables } from './tables.ts'

/** What issuance calls. */
export type IssuanceUses = { readonly identity: typeof identity }

/** What every use case of issuance is given. */
export type IssuanceContext = ModuleContext<IssuanceTables, IssuanceUses, IssuanceConfig>
