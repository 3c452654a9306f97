import { expect, it } from 'vitest'
import { ask, clients, identityAlone, organizationWithToken, start, stop } from '../../../../test/identity/identity-alone.ts'

identityAlone()

it('an erasure is complete when every module has confirmed it, and its receipt is for the organization alone', async () => {
  const { organizationId, token } = await organizationWithToken()
  const other = await organizationWithToken('other')
  const [recipientId] = (await clients.reserveRecipients({ organizationId, reservationId: 'r1', count: 1 })).recipientIds as [string]
  const path = `/v1/recipients/${recipientId}/erasure`
  expect((await ask('GET', path, { token })).status).toBe(404)
  const { erasedAt } = await clients.eraseRecipient({ organizationId, recipientId })
  // Nobody runs steps here: the module's own part is not confirmed yet.
  expect((await ask('GET', path, { token })).json).toEqual({
    recipientId, erasedAt, complete: false, completedAt: null, parts: [], pending: ['identity'], signed: null,
  })
  await expect(clients.confirmErasure({ organizationId: other.organizationId, recipientId, removed: {} })).rejects.toMatchObject({ code: 'not-found' })
  // One that has confirmed is not all.
  await clients.confirmErasure({ organizationId, recipientId, removed: { credentials: 2 } })
  expect((await ask('GET', path, { token })).json).toMatchObject({ complete: false, parts: [{ module: 'issuance', removed: { credentials: 2 } }], pending: ['identity'], signed: null })
  await stop()
  await start({}, { listeners: true })
  await expect.poll(async () => (await ask('GET', path, { token })).json.complete).toBe(true)
  const { json } = await ask('GET', path, { token })
  expect(json).toMatchObject({ pending: [], parts: [{ module: 'identity', removed: { dataKeys: 1 } }, { module: 'issuance' }] })
  expect((await ask('GET', path, { token: other.token })).status).toBe(404)
})
