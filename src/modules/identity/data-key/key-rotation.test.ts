import { randomBytes } from 'node:crypto'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ask, clients, dataDir, filesWith, identityAlone, inDatabase, organizationWithToken, start, stop } from '../../../../test/identity/identity-alone.ts'

identityAlone()

const newKey = () => randomBytes(32).toString('base64')
const keysOf = async (subject: string) => (await clients.dataKeys({ subjects: [subject] })).keys.toSorted((a, b) => a.version - b.version)
const wrapped = (subject: string) =>
  inDatabase((db) => db.prepare('select wrapped_key from data_keys where subject = ? order by version').pluck().all(subject)) as Buffer[]
const installation = 'installation'

describe('the master key is replaced', () => {
  /** As an operator does with the default files. */
  const swap = () => {
    copyFileSync(join(dataDir, 'master.key'), join(dataDir, 'master.key.previous'))
    writeFileSync(join(dataDir, 'master.key'), newKey() + '\n')
  }

  it('without a restart: what is new is wrapped by it, the rest in the background, and nothing is lost', async () => {
    const { organizationId } = await organizationWithToken()
    const { recipientIds } = await clients.reserveRecipients({ organizationId, reservationId: 'r1', count: 300 })
    const before = await keysOf(organizationId)
    const [old] = (await clients.keyStatus({})).masterKeys
    expect(old).toMatchObject({ active: true, configured: true, wraps: 302 })
    const stored = [...wrapped(organizationId), ...wrapped(installation)]

    swap()
    const { active, left } = await clients.rotateMasterKey({})
    expect(active).not.toBe(old!.id)
    expect(left).toBe(301)
    await expect(clients.retireMasterKey({})).rejects.toMatchObject({ code: 'state-refused', message: /301 data keys/ })
    await clients.reserveRecipients({ organizationId, reservationId: 'r2', count: 1 })
    // Steps run where listeners do; a process that opens the files alone leaves them.
    expect((await clients.keyStatus({})).masterKeys).toEqual([
      { id: active, active: true, configured: true, wraps: 2 },
      { id: old!.id, active: false, configured: true, wraps: 301 },
    ])
    await stop()
    await start({}, { listeners: true })
    await expect.poll(async () => (await clients.keyStatus({})).masterKeys.map(({ wraps }) => wraps)).toEqual([303, 0])
    await clients.retireMasterKey({})
    expect(await keysOf(organizationId)).toEqual(before)
    expect(await keysOf(recipientIds[0]!)).toHaveLength(1)
    await stop()
    for (const one of stored) expect(filesWith(one)).toEqual([])

    // The old one alone is a wrong one; the new one alone is enough.
    const previous = join(dataDir, 'master.key.previous')
    await start({ MASTER_KEY_FILE: join(dataDir, 'master.key') })
    await stop()
    await expect(start({ MASTER_KEY_FILE: previous, MASTER_KEY_PREVIOUS_FILE: previous })).rejects.toThrow(/another master key/)
    rmSync(previous)
    await start()
    expect(await keysOf(organizationId)).toEqual(before)
  })

  it('by two settings: the previous one wraps until somebody says so, and is not needed to be retired twice', async () => {
    const { organizationId } = await organizationWithToken()
    await stop()
    const previous = { MASTER_KEY_PREVIOUS_FILE: join(dataDir, 'master.key') }
    const MASTER_KEY = newKey()
    await start({ MASTER_KEY, ...previous })
    const [mine] = (await clients.keyStatus({})).masterKeys.filter(({ active }) => !active)
    expect(mine).toMatchObject({ configured: true, wraps: 0 })
    await stop()
    await expect(start({ MASTER_KEY })).rejects.toThrow(/another master key/)
    await start({ MASTER_KEY, ...previous }, { listeners: true })
    expect((await clients.rotateMasterKey({})).active).toBe(mine!.id)
    await expect.poll(async () => (await clients.rotateMasterKey({})).left).toBe(0)
    await clients.retireMasterKey({})
    await clients.retireMasterKey({})
    await stop()
    await expect(start()).rejects.toThrow(/another master key/)
    await start({ MASTER_KEY })
    expect(await keysOf(organizationId)).toHaveLength(1)
  })
})

describe('data keys get a new version', () => {
  it('once for each rotation; sealed anew; older ones are destroyed when all modules have said so, and digests stay', async () => {
    const contact = { contactEmail: 'office@example.org' }
    const { token, organizationId, client } = await organizationWithToken()
    await ask('PATCH', '/v1/organization', { token, json: contact })
    await stop()
    await start({ DATA_KEY_SECONDS: '2', STEP_RETRY_BASE_MS: '200' }, { listeners: true })
    const contactOf = () => inDatabase((db) => db.prepare('select contact_email from organizations').pluck().get()) as Buffer
    const first = contactOf()

    for (const scope of [{ organizationId: 'nobody' }, { organizationId: 'installation' }])
      await expect(clients.rotateDataKeys({ rotation: 'r0', scope })).rejects.toMatchObject({ code: 'not-found' })
    const all = { of: 'all' } as const
    for (let twice = 0; twice < 2; twice++) expect(await clients.rotateDataKeys({ rotation: 'r1', scope: all })).toEqual({ subjects: 2 })
    expect((await keysOf(organizationId)).map(({ version }) => version)).toEqual([1, 2])
    await expect(clients.retireDataKeys({ scope: all })).rejects.toMatchObject({ code: 'state-refused', message: /identity \(not counted yet\)/ })

    await expect.poll(async () => (await clients.keyStatus({})).rotations[0]!.modules, { timeout: 20_000 }).toEqual([{ module: 'identity', done: true, left: 0 }])
    expect(contactOf().equals(first)).toBe(false)
    expect(contactOf().readUInt32BE(3 + organizationId.length)).toBe(2)
    // One is left out: then it is said, and nothing is destroyed.
    const before = { stored: wrapped(organizationId), keys: await keysOf(organizationId) }
    expect(await clients.retireDataKeys({ scope: all })).toEqual({ retired: 2 })
    expect(await clients.retireDataKeys({ scope: all })).toEqual({ retired: 0 })
    const after = await keysOf(organizationId)
    expect(after.map(({ version }) => version)).toEqual([0, 2])
    expect(after[1]).toEqual(before.keys[1])
    expect(after[0]!.key).not.toBe(before.keys[0]!.key)
    // An older secret is derived from the installation's first key.
    const again = await clients.createClient({ organizationId, requestId: 'first', name: 'Test', scopes: [...client.scopes] })
    expect(again.clientSecret).toBe(client.clientSecret)
    expect((await ask('GET', '/v1/organization', { token })).json).toMatchObject(contact)
    await stop()
    expect(filesWith(before.stored[0]!)).toEqual([])
  }, 40_000)
})
