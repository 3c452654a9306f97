import type { Measure, MeasureSource } from '#platform/telemetry/metrics.ts'
import { Unavailable } from '#platform/work/step.ts'
import { MailRefused, type MailTransport } from './mail-transport.ts'

/** `refused`: for good. `away`: the server, with all its mails. `failed`: this mail, worth a retry. */
type Outcome = 'delivered' | 'refused' | 'away' | 'failed'

/** Counts what became of each attempt to hand a mail over, since the process began. */
export function countedDeliveries(transport: MailTransport): { transport: MailTransport; measures: MeasureSource } {
  const counts: Record<Outcome, number> = { delivered: 0, refused: 0, away: 0, failed: 0 }
  const outcomeOf = (error: unknown): Outcome =>
    error instanceof MailRefused ? 'refused' : error instanceof Unavailable ? 'away' : 'failed'
  return {
    transport: {
      ...transport,
      async send(mail) {
        try {
          await transport.send(mail)
          counts.delivered++
        } catch (error) {
          counts[outcomeOf(error)]++
          throw error
        }
      },
    },
    measures: async () =>
      Object.entries(counts).map(([outcome, value]): Measure => ({
        name: 'vellum_notification_deliveries_total',
        help: 'Attempts to hand a message over, by what the other side said.',
        kind: 'counter',
        labels: { channel: 'email', outcome },
        value,
      })),
  }
}
