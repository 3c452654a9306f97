import { writeSync } from 'node:fs'
import { z } from 'zod'

/** Moments in which a process may die in a test: what is done by then, and what is not. */
const points = [
  /** Everything of a transaction is written, nothing of it is durable. */
  'before-commit',
  /** It is durable; whoever waits for it has not heard, and nothing was rung for. */
  'after-commit',
  /** A public write is durable with its answer, which was not sent. */
  'before-answer',
  /** A step has had its effect on the world, of which nothing is on record. */
  'after-effect',
  /** The bus has events of the outbox that are not marked as relayed. */
  'after-publish',
  /** An event's effects are written in the transaction that takes it out of the inbox, which is open still. */
  'after-handler',
] as const

export type FailpointName = (typeof points)[number]

export interface Failpoint {
  readonly point: FailpointName
  /** Which time of those that the process passes the point. */
  readonly pass: number
}

/** `after-effect:3`: the third time. */
export const failpointText = z.string().transform((text, context): Failpoint => {
  const [name, pass = ''] = text.split(':')
  const point = points.find((one) => one === name)
  if (point && /^[1-9]\d{0,8}$/.test(pass)) return { point, pass: Number(pass) }
  context.addIssue(`must be one of ${points.join(', ')}, a colon and which time, such as after-effect:3`)
  return z.NEVER
})

const ownMachine: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** Whether nobody but this machine can be served by what has this public address. */
export const isOwnMachine = (publicUrl: string | undefined): boolean =>
  publicUrl !== undefined && ownMachine.includes(new URL(publicUrl).hostname)

let armed: FailpointName | undefined
let left = 0

/** One for the process, because the points lie deep in the platform. Undefined: nothing happens at any of them. */
export function armFailpoint(failpoint: Failpoint | undefined): void {
  armed = failpoint?.point
  left = failpoint?.pass ?? 0
}

/** Ends the process as `kill -9` does, when a test's configuration asks for it here and now. */
export function failpoint(point: FailpointName): void {
  if (armed === point && --left === 0) {
    // At once: nothing that is written later would come out.
    writeSync(2, `failpoint ${point}: this process kills itself\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}
