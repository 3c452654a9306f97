import { expect, it } from 'vitest'
import { clients, identityAlone, inDatabase, organizationWithToken } from '../../../../test/identity/identity-alone.ts'

identityAlone()

it('keeps what an organization may use, changes what is told alone, and audits it once', async () => {
  const { organizationId } = await organizationWithToken()
  const limit = (change: object) => clients.limitOrganization({ organizationId, ...change })
  expect(await clients.organizationLimits({ organizationId })).toEqual({})
  expect(await limit({})).toEqual({})
  expect(await limit({ requestsPerMinute: 100 })).toEqual({ requestsPerMinute: 100 })
  const both = { requestsPerMinute: 100, credentialsPerMonth: 0 }
  for (let repeat = 0; repeat < 2; repeat++) expect(await limit({ credentialsPerMonth: 0 })).toEqual(both)
  expect(await clients.organizationLimits({ organizationId })).toEqual(both)
  expect(await limit({ requestsPerMinute: null })).toEqual({ credentialsPerMonth: 0 })
  for (const wrong of [{ requestsPerMinute: 0 }, { credentialsPerMonth: -1 }, { credentialsPerMonth: 1.5 }])
    await expect(limit(wrong)).rejects.toMatchObject({ code: 'validation-failed' })
  await expect(clients.limitOrganization({ organizationId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
  const details = inDatabase((db) => db.prepare(`select details from audit where action = 'organization.limited' order by sequence`).pluck().all()) as string[]
  expect(details.map((one) => JSON.parse(one))).toEqual([{ requestsPerMinute: 100 }, { credentialsPerMonth: 0 }, { requestsPerMinute: 'none' }])
})
