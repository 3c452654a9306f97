/** What an internal call carries beside its JSON; the same in process and across the network. */
export const callHeaders = {
  /** Milliseconds that the caller still waits: a duration, so that the clocks need not agree. */
  deadline: 'vellum-deadline-ms',
  organization: 'vellum-organization',
  actor: 'vellum-actor',
  address: 'vellum-address',
  traceparent: 'traceparent',
  /** Equal in every delivery of one call. */
  idempotencyKey: 'idempotency-key',
  authorization: 'authorization',
} as const

/** What the front door and a module say to each other beside a public request and its answer. Nobody outside can set them. */
export const doorHeaders = {
  /** The number under which the door logs the request; the module logs it too. */
  requestId: 'x-request-id',
  /** The request came through a door already and goes no further. */
  forwarded: 'vellum-forwarded',
  /** Who asked the door; see {@link callerAddress}. */
  address: 'vellum-address',
  /** With 503: nothing was done, ask again in a moment. */
  notReady: 'vellum-not-ready',
} as const

export const operationPath = (module: string, operation: string): string => `/internal/${module}/${operation}`
/** Operations are POSTed to, so neither of these can collide with the name of one. */
export const contractPath = (module: string): string => `/internal/${module}/contract`
/** The module's part of the API's document. */
export const openApiPath = (module: string): string => `/internal/${module}/openapi`
/** What a module holds of an organization, or with `recipient` of a person. */
export const exportPath = (module: string): string => `/internal/${module}/export`
export const documentPath = (module: string, token: string): string => `/internal/${module}/documents/${token}`
