import type { ModuleContext } from '#platform/module.ts'
import type { IdentityConfig } from './config.ts'
import type { IdentityTables } from './tables.ts'

/** What every use case of identity is given. It calls no other module. */
export type IdentityContext = ModuleContext<IdentityTables, Record<never, never>, IdentityConfig>
