import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** The request of this number, whole, as it goes over the wire. */
  readonly request: (number: number) => string
  /** The only status that is no error. */
  readonly status: number
}

export interface Load {
  /** Answers per second, from the first request to the last answer. */
  readonly perSecond: number
  /** Of each answer, from the write of its request to its last byte. */
  readonly latenciesMs: readonly number[]
  /** Answers of another status, each as it came; they count in none of the other figures. */
  readonly errors: readonly string[]
}

/**
 * Keeps so many connections busy: each sends its next request when it has the whole answer to the one before. It speaks to
 * sockets directly, because a client library would take as much of the machine as what it measures.
 * Throws when a connection ends.
 */
export async function load({ port, connections, seconds, request, status }: LoadOptions): Promise<Load> {
  const latenciesMs: number[] = []
  const errors: string[] = []
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1_000
  let sent = 0
  try {
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve, reject) => {
      let sentAt = 0
      let received = ''
      const next = () => {
        sentAt = performance.now()
        socket.write(request(sent++))
      }
      socket.on('data', (chunk) => {
        received += String(chunk)
        const end = endOfAnswer(received)
        if (end === undefined) return
        const now = performance.now()
        if (received.slice(9, 12) === String(status) && end === received.length) latenciesMs.push(now - sentAt)
        else errors.push(received)
        received = ''
        if (now < endsAt) next()
        else resolve()
      })
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('The server closed a connection.')))
      next()
    })))
    return { perSecond: latenciesMs.length / ((performance.now() - startedAt) / 1_000), latenciesMs, errors }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket.off('error', reject).setEncoding('latin1')))
    socket.once('error', reject)
  })

/** Where an HTTP/1.1 answer ends, by its `Content-Length` or its last chunk; undefined while more of it is to come. */
function endOfAnswer(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const bodyAt = headEnd + 4
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, bodyAt))?.[1]
  if (length !== undefined) return text.length >= bodyAt + Number(length) ? bodyAt + Number(length) : undefined
  return text.endsWith('\r\n0\r\n\r\n') ? text.length : undefined
}
