import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { Unavailable } from '#platform/work/step.ts'

/** A message as it goes out, composed once. */
export interface OutgoingMail {
  readonly from: string
  readonly to: string
  /** Without brackets. */
  readonly messageId: string
  /** RFC 5322, with every header. */
  readonly raw: Buffer
}

/** The receiving side said no to this message for good: a 5xx answer (RFC 5321, section 4.2.1) to its recipient or its data. */
export class MailRefused extends Error {
  /** Of SMTP, or nodemailer's where the message cannot even be offered. */
  readonly code: number | string
  constructor(code: number | string) {
    super(`The mail server refused the message with ${code}.`)
    this.name = 'MailRefused'
    this.code = code
  }
}

export interface MailTransport {
  /** Resolves when the other side has taken it. Throws `MailRefused`, `Unavailable`, or another error worth a retry. */
  send(mail: OutgoingMail): Promise<void>
  /** Takes back what is still in our hands; a mail that was sent stays sent. */
  forget(messageId: string): Promise<void>
  close(): void
}

interface SmtpError {
  readonly responseCode?: number
  readonly code?: string
  /** `RCPT TO`, `DATA`, `AUTH PLAIN`, `CONN`, `API` … */
  readonly command?: string
}

/**
 * Whether an error speaks of this message or of the server. A wrong password or a sender that may not send is answered with
 * 5xx too, and must not cost a single message; an address that cannot be offered at all must not stop all others.
 */
export function classify(error: unknown): unknown {
  const { responseCode, code, command = '' } = (error ?? {}) as SmtpError
  if (responseCode === undefined) {
    if ((code === 'EENVELOPE' || code === 'EMESSAGE') && command !== 'CONN') return new MailRefused(code)
    return new Unavailable(`The mail server cannot be reached (${code ?? 'no answer'}).`, { cause: error })
  }
  // 421: the server closes. 552 to MAIL FROM: this message is too large.
  const aboutMessage = responseCode !== 421 && (command === 'RCPT TO' || command === 'DATA' || responseCode === 552)
  if (!aboutMessage) return new Unavailable(`The mail server answered ${responseCode} to ${command || 'us'}.`, { cause: error })
  if (responseCode >= 500) return new MailRefused(responseCode)
  return new Error(`The mail server put the message off with ${responseCode}.`, { cause: error })
}

/** Pooled SMTP. */
export function smtpTransport(url: string, connections: number): MailTransport {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  } as Parameters<typeof createTransport>[0])
  return {
    async send({ from, to, raw }) {
      try {
        await transport.sendMail({ envelope: { from, to }, raw })
      } catch (error) {
        throw classify(error)
      }
    },
    forget: async () => {},
    close: () => transport.close(),
  }
}

/** One `.eml` file a message, named by its Message-ID: writing it again replaces it. */
export function folderTransport(folder: string): MailTransport {
  const fileOf = (messageId: string): string =>
    join(folder, `${createHash('sha256').update(messageId).digest('hex').slice(0, 32)}.eml`)
  return {
    async send({ messageId, raw }) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const file = fileOf(messageId)
      const part = `${file}.part`
      const handle = await open(part, 'w', 0o600)
      try {
        await handle.writeFile(raw)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(part, file)
    },
    async forget(messageId) {
      const file = fileOf(messageId)
      // The second is left where the process was killed in mid-write.
      for (const one of [file, `${file}.part`]) await rm(one, { force: true })
    },
    close: () => {},
  }
}
