import { setTimeout as delay } from 'node:timers/promises'
import type { Installation } from '../installation.ts'
import type { FaultContext } from './fault.ts'

export interface CrashPlan {
  readonly times: number
  /** Told when the process is up again, with how often it was killed. */
  readonly onLife?: (killed: number) => void
}

/**
 * Kills the process with `kill -9` so many times, each at a random moment: mostly while it works, one time in five while
 * it still starts. Each time it is started again at once; at the end it is up.
 */
export async function crash(installation: Installation, { random, say }: FaultContext, { times, onLife }: CrashPlan): Promise<void> {
  for (let killed = 1; killed <= times; killed++) {
    await delay(random.between(20, 1_200))
    await installation.kill()
    const nextDiesAtStart = killed < times && random.next() < 0.2
    await installation.start({ wait: !nextDiesAtStart })
    say(`killed ${killed} of ${times}`)
    if (!nextDiesAtStart) onLife?.(killed)
  }
}
