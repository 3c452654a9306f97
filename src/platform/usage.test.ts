import { expect, it } from 'vitest'
import type { OrganizationId } from './organization-id.ts'
import { Problem } from './problem.ts'
import { createUsage, type UsageOptions } from './usage.ts'

const acme = 'acme' as OrganizationId
const usageOf = (given: Partial<UsageOptions> = {}) =>
  createUsage({
    modules: ['members', 'shop'],
    platformClient: (module) => ({ usage: async ({ month }) => (module === 'shop' ? { credentials: { total: 7, byState: { [month]: 7 } } } : {}) }),
    authority: { organizationLimits: async () => ({ credentialsPerMonth: 5 }) },
    settings: { RATE_LIMIT_ORGANIZATION: 100, RATE_LIMIT_CLIENT: 0 },
    now: () => new Date('2026-12-31T23:59:59.999Z'),
    ...given,
  })(acme)

it('puts together what was used and what may be, of the month in UTC', async () => {
  expect(await usageOf()).toEqual({
    month: '2026-12',
    renewedAt: new Date('2027-01-01T00:00:00.000Z'),
    credentials: { total: 7, byState: { '2026-12': 7 }, limit: 5, left: 0 },
    requestsPerMinute: { organization: 100, client: null },
  })
  const { credentials, requestsPerMinute } = await usageOf({ authority: { organizationLimits: async () => ({ requestsPerMinute: 9 }) } })
  expect([credentials.limit, credentials.left, requestsPerMinute.organization]).toEqual([null, null, 9])
})

it('tells of no zero where a module that counts is away', async () => {
  const away = () => ({ usage: () => Promise.reject(new Problem('unavailable', 'Later.')) })
  await expect(usageOf({ platformClient: away })).rejects.toMatchObject({ code: 'unavailable' })
})
