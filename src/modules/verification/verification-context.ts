import type { ModuleContext } from '#platform/module.ts'
import type { identity } from '#modules/identity/index.ts'
import type { issuance } from '#modules/issuance/index.ts'
import type { VerificationConfig } from './config.ts'
import type { VerificationTables } from './tables.ts'

/** What verification calls. */
export type VerificationUses = { readonly identity: typeof identity; readonly issuance: typeof issuance }

/** What every use case of verification is given. */
export type VerificationContext = ModuleContext<VerificationTables, VerificationUses, VerificationConfig>

/** Checking a credential asks issuance alone. */
export type VerifyingContext = Pick<VerificationContext, 'publicUrl' | 'now'> & { readonly clients: Pick<VerificationContext['clients'], 'issuance'> }
