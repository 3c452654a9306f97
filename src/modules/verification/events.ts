import { z } from 'zod'
import { defineEvent } from '#platform/event.ts'

/** The first final anchor whose size exceeds the credential's leaf index stands on the chain. */
export const credentialAnchored = defineEvent({
  name: 'credential.anchored',
  version: 1,
  data: z.object({
    credentialId: z.string(),
    publicId: z.string(),
    leafIndex: z.number().int(),
    checkpointSize: z.number().int(),
    transactionHash: z.string(),
  }),
  key: (data) => data.publicId,
})
