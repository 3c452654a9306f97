import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { ask, clients, dataDir, filesWith, identityAlone, inDatabase, organizationWithToken, start, stop } from '../../../../test/identity/identity-alone.ts'

identityAlone()

const keyOf = async (subject: string) => (await clients.dataKeys({ subjects: [subject] })).keys

describe('data keys', () => {
  it('are told in batches: one version each, 32 bytes, unknown ones left out', async () => {
    const { organizationId } = await organizationWithToken()
    const { keys } = await clients.dataKeys({ subjects: ['installation', organizationId, 'nobody'] })
    expect(keys.map(({ subject, version, erased }) => [subject, version, erased])).toEqual(
      expect.arrayContaining([['installation', 1, false], [organizationId, 1, false]]),
    )
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2)
    for (const { key } of keys) expect(Buffer.from(key!, 'base64')).toHaveLength(32)
    await expect(clients.dataKeys({ subjects: Array(501).fill('x') })).rejects.toMatchObject({ code: 'validation-failed' })
  })

  it('are reserved for 500 recipients, the same ones for the same reservation', async () => {
    const { organizationId } = await organizationWithToken()
    const order = { organizationId, reservationId: 'r1', count: 500 }
    const answers = await Promise.all([1, 2, 3].map(() => clients.reserveRecipients(order)))
    expect(new Set(answers[0]!.recipientIds).size).toBe(500)
    for (const answer of answers) expect(answer).toEqual(answers[0])
    const { keys } = await clients.dataKeys({ subjects: answers[0]!.recipientIds })
    expect(new Set(keys.map(({ key }) => key)).size).toBe(500)
    await expect(clients.reserveRecipients({ ...order, count: 7 })).rejects.toMatchObject({ code: 'conflict' })
    await expect(clients.reserveRecipients({ ...order, organizationId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('are gone for good after an erasure, which is published once', async () => {
    const { organizationId, token } = await organizationWithToken()
    const other = await organizationWithToken('other')
    const { recipientIds } = await clients.reserveRecipients({ organizationId, reservationId: 'r1', count: 50 })
    const [erased, kept] = recipientIds as [string, string]
    const wrapped = inDatabase((db) => db.prepare('select wrapped_key from data_keys where subject = ?').pluck().get(erased)) as Buffer
    expect(filesWith(wrapped)).not.toEqual([])
    expect((await ask('DELETE', `/v1/recipients/${erased}`, { token: other.token })).status).toBe(404)
    expect((await ask('DELETE', `/v1/recipients/${organizationId}`, { token })).status).toBe(404)
    const first = await ask('DELETE', `/v1/recipients/${erased}`, { token })
    expect([first.status, first.json.id]).toEqual([200, erased])
    expect((await ask('DELETE', `/v1/recipients/${erased}`, { token })).text).toBe(first.text)
    expect(await clients.eraseRecipient({ organizationId, recipientId: erased })).toEqual({ erasedAt: first.json.erasedAt })
    expect(await keyOf(erased)).toEqual([{ subject: erased, version: 1, key: null, erased: true }])
    expect(await keyOf(kept)).toMatchObject([{ erased: false }])
    const events = inDatabase((db) => db.prepare("select name, key, sequence from outbox where family = 'recipient'").all())
    expect(events).toEqual([{ name: 'recipient.erased', key: erased, sequence: 1 }])
    await stop()
    // Ciphertext and tag: no part of them is left in what the file does not use any more.
    for (let at = wrapped.length - 48; at + 8 <= wrapped.length; at += 8) {
      expect(filesWith(wrapped.subarray(at, at + 8)), `bytes from ${at}`).toEqual([])
    }
  })

  it('stand in the database wrapped, bound to their row', async () => {
    const { organizationId } = await organizationWithToken()
    const key = (await keyOf(organizationId))[0]!.key!
    expect(filesWith(Buffer.from(key, 'base64'))).toEqual([])
    const { recipientIds } = await clients.reserveRecipients({ organizationId, reservationId: 'r1', count: 2 })
    const [moved, kept] = recipientIds as [string, string]
    await stop()
    const database = new Sqlite(join(dataDir, 'identity.sqlite'))
    database
      .prepare('update data_keys set wrapped_key = (select wrapped_key from data_keys where subject = ?) where subject = ?')
      .run(kept, moved)
    database.close()
    await start()
    await expect(keyOf(moved)).rejects.toMatchObject({ code: 'internal' })
    expect(await keyOf(kept)).toHaveLength(1)
  })
})
