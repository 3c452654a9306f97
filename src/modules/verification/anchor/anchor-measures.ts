import type { Measure, MeasureSource } from '#platform/telemetry/metrics.ts'
import { newestCheckpoint } from '../log/log-store.ts'
import type { VerificationContext } from '../verification-context.ts'
import { anchoredSize, oldestUnanchored } from './anchor-store.ts'

/** How far the log is, and how far the chain is behind it. Without a chain nothing is behind. */
export const createAnchorMeasures = ({ database, config, now }: VerificationContext): MeasureSource => async () => {
  const gauge = (name: string, help: string, value: number): Measure => ({ name, help, kind: 'gauge', labels: {}, value })
  const size = (await newestCheckpoint(database))?.size ?? 0
  const log = gauge('vellum_verification_log_size', 'Leaves under the newest signed checkpoint.', size)
  if (config.EVM_RPC_URL === undefined) return [log]
  const [anchored, oldest] = await Promise.all([anchoredSize(database.read, database.tables), oldestUnanchored(database)])
  return [
    log,
    gauge('vellum_verification_anchor_backlog', 'Leaves under a signed checkpoint that no final anchor holds yet.', Math.max(size - anchored, 0)),
    gauge(
      'vellum_verification_anchor_age_seconds', 'How long the oldest checkpoint has waited for a final anchor.',
      oldest ? Math.max(now().getTime() - oldest.createdAt.getTime(), 0) / 1_000 : 0,
    ),
  ]
}
