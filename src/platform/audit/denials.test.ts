import { expect, it } from 'vitest'
import type { OrganizationId } from '../organization-id.ts'
import { createDenials } from './denials.ts'

it('a loop of refusals is one entry a minute for each address, and a database that fails is no second failure', async () => {
  const entries: string[] = []
  let failing = false
  const database = {
    transaction: async (work: (tx: unknown) => Promise<void>) => {
      if (failing) throw new Error('The disk is full.')
      await work({ audit: async ({ target }: { target: string }) => void entries.push(target) })
    },
  }
  let clock = 0
  const told: unknown[] = []
  const denied = createDenials(() => database as never, { error: (what: unknown) => told.push(what) } as never, () => clock)
  const access = { organizationId: 'acme' as OrganizationId, clientId: 'one', scopes: [], tokenId: 't', actor: 'client:one' }
  const ask = (path: string, clientId = 'one') => denied({ access: { ...access, clientId }, method: 'GET', path, scope: 'x' })
  for (let times = 0; times < 5; times++) await ask('/a')
  await ask('/b')
  await ask('/a', 'two')
  expect(entries).toEqual(['GET /a', 'GET /b', 'GET /a'])
  clock = 60_001
  await ask('/a')
  expect(entries).toHaveLength(4)
  failing = true
  await ask('/c')
  expect(told).toHaveLength(1)
})
