import { createServer, type Socket } from 'node:net'
import type { SinkAnswer, SinkQuestion } from './mail-sink.ts'

/**
 * Just enough SMTP (RFC 5321, 8BITMIME, PIPELINING) to take mails and count them, so that the machine's time goes to those
 * who are measured.
 */
const END = Buffer.from('\r\n.\r\n')
const BLANK_LINE = Buffer.from('\r\n\r\n')
const KEEP_EVERY = 100
/** A mail without its PDF is shorter than that. */
const LEAST_BYTES = 12_000

const seen = new Set<string>()
const tooShort: string[] = []
let bytes = 0
let kept: string[] = []
let waiting: { count: number; done: () => void } | undefined

function accept(mail: Buffer): void {
  const header = mail.toString('latin1', 0, Math.max(mail.indexOf(BLANK_LINE), 0))
  const id = /^message-id:\s*<([^>]*)>/im.exec(header)?.[1]
  if (id === undefined || mail.length < LEAST_BYTES) tooShort.push(id ?? 'no Message-ID')
  if (id === undefined || seen.has(id)) return
  seen.add(id)
  bytes += mail.length
  if (seen.size % KEEP_EVERY === 1) kept.push(mail.toString('latin1'))
  if (waiting && seen.size >= waiting.count) waiting.done()
}

function serve(socket: Socket): void {
  let input: Buffer = Buffer.alloc(0)
  let chunks: Buffer[] | undefined
  const say = (...lines: string[]) => socket.write(lines.map((line) => `${line}\r\n`).join(''))

  /** @returns whether the mail ended in what has come */
  const takeMail = (): boolean => {
    const mail = chunks!.length === 1 ? chunks![0]! : Buffer.concat(chunks!)
    const last = chunks!.at(-1)!
    // The end may lie across two chunks.
    const from = Math.max(mail.length - last.length - END.length, 0)
    const end = mail.indexOf(END, from)
    if (end < 0) return false
    accept(mail.subarray(0, end + 2))
    input = mail.subarray(end + END.length)
    chunks = undefined
    say('250 2.0.0 kept')
    return true
  }
  const takeCommands = () => {
    for (;;) {
      const end = input.indexOf('\r\n')
      if (end < 0) return
      const verb = input.toString('latin1', 0, Math.min(end, 4)).toUpperCase()
      input = input.subarray(end + 2)
      if (verb === 'EHLO') say('250-localhost', '250-PIPELINING', '250-8BITMIME', '250 SMTPUTF8')
      else if (verb === 'DATA') {
        say('354 go on')
        chunks = [input]
        if (!takeMail()) return
      } else if (verb === 'QUIT') return socket.end('221 bye\r\n')
      else say('250 2.0.0 fine')
    }
  }
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    if (!chunks) {
      input = input.length === 0 ? chunk : Buffer.concat([input, chunk])
      return takeCommands()
    }
    chunks.push(chunk)
    if (takeMail()) takeCommands()
  })
  say('220 localhost ESMTP')
}

const answer = (message: SinkAnswer) => void process.send?.(message)
const reached = () => {
  waiting = undefined
  answer({ count: seen.size, at: Date.now(), bytes, tooShort: tooShort.splice(0, 10), kept })
  seen.clear()
  bytes = 0
  kept = []
}

const server = createServer(serve)
server.listen(0, '127.0.0.1', () => answer({ port: (server.address() as { port: number }).port }))
process.on('message', ({ expect, count }: SinkQuestion) => {
  if (count !== undefined) answer({ soFar: seen.size })
  if (expect === undefined) return
  if (seen.size >= expect) return reached()
  waiting = { count: expect, done: reached }
})
process.on('disconnect', () => process.exit(0))
