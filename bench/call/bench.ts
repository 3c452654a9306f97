import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { issuance } from '#modules/issuance/index.ts'
import { createClient } from '#platform/call/client.ts'
import { createRouting } from '#platform/call/routing.ts'
import { mountContract } from '#platform/call/server.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { inContext } from '#platform/context.ts'
import { contract, type Handlers } from '#platform/contract.ts'
import { OrganizationId } from '#platform/organization-id.ts'
import { newTraceparent } from '#platform/telemetry/traceparent.ts'
import type { Bench, Sides } from '../measure.ts'

const CALLS = 20_000

const asked = contract('issuance', { credentialStatus: issuance.operations.credentialStatus })

async function start(): Promise<Sides> {
  const changedAt = new Date().toISOString()
  const known = new Map(Array.from({ length: 1_000 }, () => [String(randomUUID()), { status: 'revoked' as const, changedAt }]))
  const ids = [...known.keys()]
  const handlers: Handlers<typeof asked> = {
    async credentialStatus({ credentialId }) {
      const status = known.get(credentialId)
      if (!status) throw new Error('It is not there.')
      return status
    },
  }
  const tokens = createServiceTokens(new TextEncoder().encode('a secret of the bench, and of nobody else'))
  const internal = new Hono()
  mountContract(internal, asked, handlers, { tokens })
  const route = createRouting({ remote: {}, hosted: () => internal, loopback: () => undefined, twice: false })
  const client = createClient(asked, route('issuance'), { module: 'verification', tokens })
  const request = { organizationId: OrganizationId.parse(randomUUID()), actor: 'client:bench', traceparent: newTraceparent() }
  const call = { signal: new AbortController().signal, caller: 'verification' }

  /** One after the other, inside a request as everywhere. @returns microseconds each */
  const timed = (ask: (credentialId: string) => Promise<{ status: string }>): Promise<number> =>
    inContext(request, async () => {
      const startedAt = performance.now()
      for (let at = 0; at < CALLS; at++) {
        const { status } = await ask(ids[at % ids.length]!)
        if (status !== 'revoked') throw new Error('Another answer came.')
      }
      return ((performance.now() - startedAt) / CALLS) * 1_000
    })

  return {
    ours: () => timed((credentialId) => client.credentialStatus({ credentialId })),
    peer: () => timed((credentialId) => handlers.credentialStatus({ credentialId }, call)),
  }
}

export const bench: Bench = {
  name: 'call',
  unit: 'µs',
  says: 'A typed call of a contract within one process: token, deadline, trace, JSON and both parses, as across the network. ' +
    'The peer calls the same function directly.',
  start,
}
