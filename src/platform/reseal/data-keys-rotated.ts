import { z } from 'zod'
import { defineEvent } from '../event.ts'

/** Subjects of one event at the most. */
export const rotatedAtOnce = 200

/**
 * Data keys have a new version, and what is sealed under the versions before it is to be sealed anew: decision 0210. Published by
 * the module that keeps data keys, in the transaction that makes the versions; every module that seals anything hears it.
 */
export const dataKeysRotated = defineEvent({
  name: 'data-key.rotated',
  version: 1,
  data: z.object({
    /** `{rotation}/{page}`: what every module reports on. */
    rotation: z.string(),
    subjects: z.array(z.object({ subject: z.string(), version: z.number().int().min(2) })).min(1).max(rotatedAtOnce),
  }),
  key: ({ rotation }) => rotation,
})

export type RotatedSubject = z.infer<typeof dataKeysRotated.data>['subjects'][number]
