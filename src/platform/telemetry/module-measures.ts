import type { PlatformDatabase } from '../database/transaction.ts'
import { eventBacklog } from '../events/backlog.ts'
import { stepBacklog } from '../work/step-backlog.ts'
import type { Measure, MeasureSource } from './metrics.ts'

/**
 * What stands in a module's database about its work that waits. Every process that hosts the module tells the same, so
 * over replicas the largest counts, not the sum.
 * @param own what the module adds
 */
export const moduleMeasures =
  (module: string, database: PlatformDatabase, kinds: readonly string[], own?: MeasureSource): MeasureSource =>
  async () => {
    const [events, steps, added] = await Promise.all([
      eventBacklog(database),
      Promise.all(kinds.map((kind) => stepBacklog(database, kind))),
      own?.() ?? [],
    ])
    const gauge = (name: string, help: string, value: number, labels = {}): Measure =>
      ({ name, help, kind: 'gauge', labels: { module, ...labels }, value })
    return [
      gauge('vellum_outbox_depth', 'Events that the bus has not had yet, counted up to 10,000.', events.unrelayed),
      gauge('vellum_outbox_age_seconds', 'How long the oldest of them has waited.', events.unrelayedForMs / 1_000),
      gauge('vellum_inbox_depth', 'Events that arrived and are not applied yet, counted up to 20,000.', events.unapplied),
      gauge('vellum_inbox_age_seconds', 'How long the oldest of them has been due.', events.dueForMs / 1_000),
      gauge('vellum_parked_keys', 'Keys that stand still behind an event that kept failing.', events.parked),
      ...steps.flatMap(({ kind, lagMs, dead, pausedForMs }) => [
        gauge('vellum_step_lag_seconds', 'How long the oldest step of a kind has been due.', lagMs / 1_000, { kind }),
        gauge('vellum_dead_steps', 'Steps that were given up, counted up to 10,000.', dead, { kind }),
        gauge('vellum_step_pause_seconds', 'How much longer a kind pauses, because its other side is away.', pausedForMs / 1_000, { kind }),
      ]),
      ...added,
    ]
  }
