import type { ModuleContext } from '#platform/module.ts'
import type { identity } from '#modules/identity/index.ts'
import type { issuance } from '#modules/issuance/index.ts'
import type { NotificationConfig } from './config.ts'
import type { NotificationTables } from './tables.ts'

/** What every use case of notification is given. */
export type NotificationContext = ModuleContext<
  NotificationTables,
  { readonly identity: typeof identity; readonly issuance: typeof issuance },
  NotificationConfig
>
