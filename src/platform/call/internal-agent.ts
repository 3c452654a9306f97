import { Agent } from 'undici'
import { aes256Alone, type InternalTls } from '../tls.ts'

/** Connections that this process keeps to the internal listeners of others; with TLS it shows its certificate there. */
export const createInternalAgent = (tls?: InternalTls): Agent =>
  new Agent({
    // A machine that is off answers nothing at all: the next replica is asked soon.
    connect: { timeout: 1_500, ...(tls && { ...tls, ...aes256Alone }) },
    allowH2: false,
    // Longer than an upload may take; whoever asked gives up sooner.
    headersTimeout: 330_000,
    // An answer may go on for as long as somebody listens.
    bodyTimeout: 0,
    maxHeaderSize: 80 * 1024,
  })
