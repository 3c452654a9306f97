import { expect, it } from 'vitest'
import type { OrganizationId } from './organization-id.ts'
import { createOrganizationLimits, type OrganizationLimits } from './organization-limits.ts'

it('asks once in a while, waits the first time alone, and never fails', async () => {
  let clock = 0
  let asked = 0
  let answer: () => Promise<OrganizationLimits> = async () => ({ requestsPerMinute: 5 })
  const organizationLimits = () => {
    asked++
    return answer()
  }
  const limitsOf = createOrganizationLimits({ organizationLimits }, { freshMs: 10_000, monotonic: () => clock })
  const [acme, other] = ['acme', 'other'] as OrganizationId[]
  expect(await Promise.all([limitsOf(acme!), limitsOf(acme!)])).toEqual([{ requestsPerMinute: 5 }, { requestsPerMinute: 5 }])
  expect([await limitsOf(acme!), asked]).toEqual([{ requestsPerMinute: 5 }, 1])
  clock = 10_000
  answer = async () => ({})
  expect(await limitsOf(acme!)).toEqual({ requestsPerMinute: 5 })
  expect([await limitsOf(acme!), asked]).toEqual([{}, 2])
  clock = 20_000
  answer = () => new Promise(() => {})
  expect(await limitsOf(acme!)).toEqual({})
  answer = () => Promise.reject(new Error('away'))
  expect([await limitsOf(other!), await limitsOf(other!), asked]).toEqual([{}, {}, 4])
})
