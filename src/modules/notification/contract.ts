import { z } from 'zod'
import { contract, operation } from '#platform/contract.ts'

/** What other modules may ask of notification. */
export const notification = contract('notification', {
  /** What became of the messages about one credential. */
  messages: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ credentialId: z.string() }),
    output: z.object({
      messages: z.array(
        z.object({
          messageId: z.string(),
          channel: z.enum(['email']),
          state: z.enum(['pending', 'sent', 'failed', 'withdrawn']),
          at: z.iso.datetime(),
        }),
      ),
    }),
  }),
})
