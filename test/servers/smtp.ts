import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { simpleParser, type AddressObject } from 'mailparser'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'

/** A message as the recipient's mail program would read it. */
export type ReceivedMessage = {
  messageId: string
  /** The addresses of the envelope, which are those it is delivered to. */
  recipients: string[]
  to: string[]
  subject: string
  text: string
  html: string
  /** By lower-case name; the last of several. */
  headers: Map<string, string>
  attachments: { filename: string, contentType: string, content: Buffer }[]
}

/** Where a message stands: a recipient was named, or the whole message was received and waits for its answer. */
export type DeliveryAttempt = { stage: 'recipient' | 'data', from: string, to: string, messageId: string }

/**
 * How a server misbehaves: a status (421, 450, 550 …) refuses; `close` keeps the message but hangs up without an
 * answer; `stall` never answers; undefined accepts.
 */
export type Misbehaviour = number | 'close' | 'stall' | undefined

export type SmtpOptions = {
  /** Speak TLS from the first byte (smtps). */
  tls?: { key: string | Buffer, cert: string | Buffer }
  /** Start on this port, for example to come back where another has been. Default: a free one. */
  port?: number
  /** False: of each message only what `envelopes` tells is kept, for a hundred thousand of them. */
  keepBodies?: boolean
  fail?: (attempt: DeliveryAttempt) => Misbehaviour | Promise<Misbehaviour>
}

/** A mail server of the test's own, which keeps what it accepts in memory. */
export type Smtp = {
  url: string
  /** How many messages were accepted. */
  readonly count: number
  /** When the first and the latest message were accepted, in milliseconds since 1970. */
  readonly firstAt: number | undefined
  readonly lastAt: number | undefined
  /** The Message-ID of every accepted message, in order; cheap for thousands. */
  messageIds(): string[]
  /** Of every accepted message, in order; `at` in milliseconds since 1970. */
  envelopes(): readonly { readonly messageId: string, readonly recipients: readonly string[], readonly at: number }[]
  /** Every accepted message, parsed when asked for, once each. */
  messages(): Promise<ReceivedMessage[]>
  stop(): Promise<void>
}

const none = Buffer.alloc(0)

type Kept = { raw: Buffer, messageId: string, recipients: string[], at: number, parsed?: Promise<ReceivedMessage> }

/** The Message-ID in the header of a raw message, or an empty string. */
function messageIdOf(raw: Buffer): string {
  const end = raw.indexOf('\r\n\r\n')
  const header = raw.toString('latin1', 0, end < 0 ? raw.length : end)
  return /^message-id:\s*(<[^>]*>)/im.exec(header)?.[1] ?? ''
}

const addresses = (field: AddressObject | AddressObject[] | undefined): string[] =>
  [field ?? []].flat().flatMap(group => group.value.map(({ address }) => address ?? ''))

async function parse({ raw, recipients, messageId }: Kept): Promise<ReceivedMessage> {
  const mail = await simpleParser(raw, { skipImageLinks: true, skipHtmlToText: true, skipTextToHtml: true })
  return {
    messageId,
    recipients,
    to: addresses(mail.to),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
    headers: new Map(mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).trim()])),
    attachments: mail.attachments.map(({ filename, contentType, content }) =>
      ({ filename: filename ?? '', contentType, content })),
  }
}

async function received(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const refusal = (status: number): Error =>
  Object.assign(new Error(status < 500 ? 'Try again later' : 'Not accepted'), { responseCode: status })

/** Starts a mail server on a free port of 127.0.0.1. It asks for no password. */
export async function startSmtp({ tls, port: wanted = 0, keepBodies = true, fail = () => undefined }: SmtpOptions = {}): Promise<Smtp> {
  const kept: Kept[] = []
  let firstAt: number | undefined
  let lastAt: number | undefined

  const accept = (message: Omit<Kept, 'at'>) => {
    lastAt = Date.now()
    firstAt ??= lastAt
    kept.push({ ...message, at: lastAt })
  }
  const misbehave = async (attempt: DeliveryAttempt, answer: (error?: Error) => void, onAccept: () => void) => {
    const how = await fail(attempt)
    if (typeof how === 'number') answer(refusal(how))
    else if (how === 'stall') return
    else {
      onAccept()
      if (how === 'close') connections.get(attempt)?.()
      else answer()
    }
  }
  // How to hang up on the client of an attempt.
  const connections = new WeakMap<DeliveryAttempt, () => void>()
  const attempt = (stage: DeliveryAttempt['stage'], session: SMTPServerSession, to: string, messageId: string) => {
    const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : ''
    const made: DeliveryAttempt = { stage, from, to, messageId }
    connections.set(made, () => {
      for (const connection of server.connections) {
        if ((connection as unknown as { session: SMTPServerSession }).session.id === session.id) {
          (connection as unknown as { _socket: { destroy(): void } })._socket.destroy()
        }
      }
    })
    return made
  }

  const server: SMTPServer = new SMTPServer({
    ...(tls ? { secure: true, key: tls.key, cert: tls.cert } : { disabledCommands: ['STARTTLS'] }),
    authOptional: true,
    disableReverseLookup: true,
    size: 30 * 1024 * 1024,
    logger: false,
    closeTimeout: 100,
    onRcptTo({ address }, session, answer) {
      void misbehave(attempt('recipient', session, address, ''), answer, () => undefined)
    },
    onData(stream, session, answer) {
      const recipients = session.envelope.rcptTo.map(({ address }) => address)
      received(stream).then(raw => {
        const messageId = messageIdOf(raw)
        return misbehave(attempt('data', session, recipients[0] ?? '', messageId), answer, () =>
          accept({ raw: keepBodies ? raw : none, messageId, recipients }))
      }).catch(answer)
    },
  })
  // A client that hangs up in mid-message is the client's affair.
  server.on('error', () => undefined)
  const listener = server.listen(wanted, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo

  return {
    url: `${tls ? 'smtps' : 'smtp'}://127.0.0.1:${port}`,
    get count() { return kept.length },
    get firstAt() { return firstAt },
    get lastAt() { return lastAt },
    messageIds: () => kept.map(({ messageId }) => messageId),
    envelopes: () => kept,
    messages: () => keepBodies ? Promise.all(kept.map(message => message.parsed ??= parse(message))) : Promise.reject(new Error('This server kept no bodies.')),
    stop: () => new Promise<void>(resolve => server.close(() => resolve())),
  }
}
