import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface Mailed {
  /** Distinct Message-IDs. */
  readonly count: number
  /** When the last of them had come, in milliseconds since 1970. */
  readonly at: number
  readonly bytes: number
  /** Message-IDs of mails that are too short to carry a PDF; the first ten. */
  readonly tooShort: readonly string[]
  /** One of a hundred, whole, as Latin-1. */
  readonly kept: readonly string[]
}

export interface SinkQuestion { readonly expect?: number; readonly count?: true }
export type SinkAnswer = Mailed | { readonly port: number } | { readonly soFar: number }

export interface MailSink {
  readonly url: string
  /** Resolves when so many distinct mails have come since the last answer; throws when none came for a minute. */
  received(count: number): Promise<Mailed>
  stop(): void
}

const quietMs = 60_000

/** A mail server in a process of its own that counts what it is given. */
export async function startMailSink(): Promise<MailSink> {
  const child = fork(new URL('./mail-sink-process.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  const ask = (question: SinkQuestion) => void child.send(question)
  return {
    url: `smtp://127.0.0.1:${port}`,
    received: (count) => new Promise((resolve, reject) => {
      let before = -1
      const watch = setInterval(() => ask({ count: true }), quietMs)
      const end = (settle: () => void) => {
        clearInterval(watch)
        child.off('message', take)
        settle()
      }
      const take = (answer: SinkAnswer) => {
        if ('tooShort' in answer) return end(() => resolve(answer))
        if (!('soFar' in answer)) return
        if (answer.soFar === before) return end(() => reject(new Error(`Only ${before} of ${count} mails came.`)))
        before = answer.soFar
      }
      child.on('message', take)
      ask({ expect: count })
    }),
    stop: () => void child.kill(),
  }
}
