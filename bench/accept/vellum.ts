import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { createAccount, createInstallation } from '../../test/installation.ts'
import type { Server } from './server.ts'

/**
 * Starts an installation of its own: one process, SQLite, default settings but for the limits on the rate, which count here and
 * are never reached.
 * @param options `held`: the steps of what was accepted wait, as they do while a kind of step is paused
 */
export async function startVellum({ held }: { held: boolean }): Promise<Server> {
  const installation = await createInstallation({ environment: { LOG_LEVEL: 'warn', RATE_LIMIT_CLIENT: '1000000000', RATE_LIMIT_ADDRESS: '1000000000' } })
  await installation.start()
  const account = await createAccount(installation, 'riverside', 'Riverside Academy')
  if (held) {
    await installation.stop()
    pauseSigning(join(installation.dataDir, 'issuance.sqlite'))
    await installation.start()
  }
  return {
    port: Number(new URL(installation.publicUrl).port),
    pid: await installation.pid,
    authorization: account.authorization,
    stop: () => installation.remove(),
  }
}

/** Signing is what begins all that follows. */
function pauseSigning(file: string): void {
  const database = new Sqlite(file)
  database.prepare('insert into step_kinds (kind, paused_until, backoff_ms, window_count) values (?, ?, 0, 0)')
    .run('issue-credential', Date.now() + 24 * 3_600_000)
  database.close()
}
