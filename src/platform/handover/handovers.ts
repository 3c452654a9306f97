import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Assets } from '../assets.ts'
import { mountBackup } from '../backup/backup-routes.ts'
import type { LoadTarget } from '../backup/load-module.ts'
import { openFiles } from '../blobs/open-files.ts'
import type { ServiceTokens } from '../call/service-token.ts'
import type { Settings } from '../config.ts'
import { dialectOf } from '../database/open.ts'
import type { Registry } from '../module.ts'
import { mountHandover } from './handover-routes.ts'
import type { Placements } from './placement.ts'

/** For every module that `MODULES` names, wherever it is: how it leaves and comes; and the rows of one that is leaving. */
export async function mountHandovers(
  app: Hono,
  options: {
    readonly registry: Registry
    readonly modules: readonly string[]
    readonly placements: Placements
    readonly settings: Settings
    readonly version: string
    readonly assets: Assets
    readonly replace: () => void
    readonly tokens: ServiceTokens
    readonly log: Logger
  },
): Promise<void> {
  const { registry, modules, placements, settings, version, assets, replace, tokens, log } = options
  const { DATABASE_URL: url, DATA_DIR: dataDir } = settings
  for (const module of modules) {
    const files = openFiles(settings, module)
    const load = async () => (await registry[module]!.load())
    const target = async (): Promise<LoadTarget> =>
      ({ schema: (await load()).schema, url, migrations: assets.migrations(module, dialectOf(url)), files })
    mountHandover(app, { module, dataDir, target, redis: settings.REDIS_URL !== undefined, replace, tokens, log })
    if (placements[module]?.state !== 'leaving') continue
    const { schema, keyTables = [] } = await load()
    mountBackup(app, { module, version, schema, databaseUrl: url, keyTables, files, late: undefined, tokens, log })
  }
}
