import { z } from 'zod'
import { defineSchema } from '#platform/database/schema.ts'
import { defineEvent } from '#platform/event.ts'
import { defineStep } from '#platform/work/step.ts'

export const shop = defineSchema('shop', () => ({}))
export const press = defineSchema('press', (kit) => ({
  orders: kit.table('orders', { id: kit.id().primaryKey(), number: kit.integer().notNull() }),
  pages: kit.table('pages', { id: kit.id().primaryKey() }),
}))
export const ordered = defineEvent({
  name: 'order.placed', version: 1, data: z.object({ number: z.number() }), key: () => 'one key',
})
export const print = defineStep({ kind: 'print', input: z.object({}), leaseMs: 60_000, concurrency: 1 })
