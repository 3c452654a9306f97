/** What an internal call carries beside its JSON; the same in process and across the network. */
export const callHeaders = {
  /** Milliseconds that the caller still waits: a duration, so that the clocks need not agree. */
  deadline: 'vellum-deadline-ms',
  organization: 'vellum-organization',
  actor: 'vellum-actor',
  traceparent: 'traceparent',
  /** Equal in every delivery of one call. */
  idempotencyKey: 'idempotency-key',
  authorization: 'authorization',
} as const

export const operationPath = (module: string, operation: string): string => `/internal/${module}/${operation}`
/** Operations are POSTed to, so neither of these can collide with the name of one. */
export const contractPath = (module: string): string => `/internal/${module}/contract`
export const documentPath = (module: string, token: string): string => `/internal/${module}/documents/${token}`
