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

/** The receiving side said no for good: a 5xx answer (RFC 5321, section 4.2.1). */
export class MailRefused extends Error {
  readonly code: number
  constructor(code: number) {
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
}

function classify(error: unknown): unknown {
  const { responseCode, code } = (error ?? {}) as SmtpError
  if (responseCode !== undefined && responseCode >= 500) return new MailRefused(responseCode)
  // 421: the server closes; without any code nobody answered.
  if (responseCode === 421) return new Unavailable('The mail server is busy (421).', { cause: error })
  if (responseCode !== undefined) return new Error(`The mail server put the message off with ${responseCode}.`, { cause: error })
  return new Unavailable(`The mail server cannot be reached (${code ?? 'no answer'}).`, { cause: error })
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
    forget: (messageId) => rm(fileOf(messageId), { force: true }),
    close: () => {},
  }
}
