import { setTimeout as delay } from 'node:timers/promises'
import type { FaultContext } from './fault.ts'
import type { Site } from './site.ts'

export interface CrashPlan {
  readonly times: number
  /** Told when the process is up again, with how often it was killed. */
  readonly onLife?: (killed: number) => void
}

const longestLifeMs = 1_200

/**
 * Kills the process with `kill -9` so many times: at random moments while it works, one time in five while it still
 * starts, and one time in five just when the mail server took a mail, of which the process then knows nothing. Each time
 * it is started again at once; at the end it is up.
 */
export async function crash({ installation, smtp }: Site, { random }: FaultContext, { times, onLife }: CrashPlan): Promise<void> {
  for (let killed = 1; killed <= times; killed++) {
    await delay(random.between(20, longestLifeMs))
    if (random.next() < 0.2) {
      const sentBefore = smtp.count
      for (const late = Date.now() + longestLifeMs; smtp.count === sentBefore && Date.now() < late;) await delay(1)
    }
    await installation.kill()
    const nextDiesAtStart = killed < times && random.next() < 0.2
    await installation.start({ wait: !nextDiesAtStart })
    if (!nextDiesAtStart) onLife?.(killed)
  }
}
