import { hash } from 'node:crypto'

/** One link of a chain as it is hashed. */
export interface AuditRecord {
  readonly module: string
  readonly organizationId: string
  /** 1, 2, 3 … within module and organization. */
  readonly sequence: number
  readonly occurredAt: Date
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly details: Readonly<Record<string, string | number | boolean>>
  readonly traceparent: string | null
  readonly previousHash: Uint8Array
}

/** What the first entry of a chain follows: 32 zero bytes. */
export const chainStart: Uint8Array = new Uint8Array(32)

/**
 * SHA-256 over `vellum/audit/v1`, a line feed, and a JSON array of every field in a fixed order, details sorted by name
 * (docs/decisions/0051-audit-chain.md). For ever: another form would need another first line.
 */
export function auditHash(entry: AuditRecord): Uint8Array {
  const details = Object.entries(entry.details).sort(([a], [b]) => (a < b ? -1 : 1))
  const canonical = JSON.stringify([
    entry.module,
    entry.organizationId,
    entry.sequence,
    entry.occurredAt.toISOString(),
    entry.actor,
    entry.action,
    entry.target,
    details,
    entry.traceparent,
    Buffer.from(entry.previousHash).toString('hex'),
  ])
  return new Uint8Array(hash('sha256', `vellum/audit/v1\n${canonical}`, 'buffer'))
}
