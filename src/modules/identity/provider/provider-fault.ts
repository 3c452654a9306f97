export type ProviderFaultKind =
  /** It does not answer, or not in time. */
  | 'unreachable'
  /** Nothing that can be worked with, whoever asks: its documents lack something, or its address is refused. */
  | 'unfit'
  /** It said no: somebody went back, or may not use this client. */
  | 'denied'
  /** An answer that must not be believed. */
  | 'invalid'

/** What went wrong with an organization's provider. The message is a sentence for whoever set it up, without secrets. */
export class ProviderFault extends Error {
  readonly kind: ProviderFaultKind
  constructor(kind: ProviderFaultKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ProviderFault'
    this.kind = kind
  }
}
