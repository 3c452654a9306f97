import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { createKeyRing } from '#platform/crypto/key-ring.ts'
import { recipientErased } from '#modules/identity/index.ts'
import { credentialIssued, credentialRevoked } from '#modules/issuance/index.ts'
import { sqliteDatabase, testDialects, testKeys } from '../../../../test/kernel/test-database.ts'
import { issued, startNotification } from '../../../../test/notification/notification-alone.ts'
import { type Misbehaviour, type Smtp, startSmtp } from '../../../../test/servers/smtp.ts'
import { Unavailable } from '#platform/work/step.ts'
import { classify, MailRefused } from './mail-transport.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
const smtp = async (fail: () => Misbehaviour | Promise<Misbehaviour> = () => undefined): Promise<Smtp> => {
  const server = await startSmtp({ fail })
  stops.push(server.stop)
  return server
}
const start = async (...of: Parameters<typeof startNotification>) => {
  const started = await startNotification(...of)
  stops.push(started.stop)
  return started
}
const revoked = (n: number) =>
  ({ credentialId: `credential-${n}`, publicId: `public-${n}`, recipientId: `recipient-${n}`, at: new Date().toISOString() })
const patient = { timeout: 10_000, interval: 20 }

describe.each(testDialects)('a mail on %s', (_, open) => {
  test('does not go out once its credential is revoked', async () => {
    const server = await smtp()
    const { deliver, runner, messages, steps } = await start(open, { environment: { SMTP_URL: server.url } })
    await deliver(credentialIssued, issued(1))
    await deliver(credentialRevoked, revoked(1))
    await deliver(credentialIssued, issued(2))
    await runner.start()
    await expect.poll(async () => (await steps()).map(({ state }) => state), patient).toEqual(['done', 'done'])
    expect(server.count).toBe(1)
    expect((await messages()).map(({ state }) => state).sort()).toEqual(['sent', 'withdrawn'])
  })

  test('of a batch lets those of single issues go first', async () => {
    const { deliver, steps } = await start(open)
    await deliver(credentialIssued, issued(1, { batchId: 'b' }))
    await deliver(credentialIssued, issued(2))
    expect((await steps()).map(({ priority }) => priority).sort()).toEqual([0, 10])
  })

  test('that nobody took after all attempts has failed, and everyone is told', async () => {
    const server = await smtp(() => 450)
    const { deliver, runner, messages, steps, events } = await start(open, { environment: { SMTP_URL: server.url } })
    await deliver(credentialIssued, issued(1))
    await runner.start()
    await expect.poll(async () => (await steps())[0]!.state, patient).toBe('dead')
    expect((await messages())[0]).toMatchObject({ state: 'failed', reason: expect.stringMatching(/^Error/) })
    expect((await events()).map(({ name }) => name)).toEqual(['notification.failed'])
  })

  test('to a server that takes longer than a key is held is sent once, and recorded as sent', async () => {
    const server = await smtp(() => delay(400).then(() => undefined))
    const keys = createKeyRing({
      ttlMs: 200,
      fetchKeys: async (subjects) =>
        subjects.map((subject) => ({ subject, version: 1, key: createHash('sha256').update(subject).digest('base64'), erased: false })),
    })
    const { deliver, runner, messages } = await start(open, { environment: { SMTP_URL: server.url }, keys })
    await deliver(credentialIssued, issued(1))
    await runner.start()
    await expect.poll(async () => (await messages())[0]!.state, patient).toBe('sent')
    await delay(200)
    expect(server.count).toBe(1)
  })

  test('is withdrawn with its recipient, and no file of it stays, neither one half written nor one written at that moment', async () => {
    const keys = testKeys()
    const { deliver, runner, messages, mailDir, hooks } = await start(open, { keys: keys.ring })
    await deliver(credentialIssued, issued(1))
    const [message] = await messages()
    const name = createHash('sha256').update(message!.messageId).digest('hex').slice(0, 32)
    writeFileSync(join(mailDir, `${name}.eml.part`), 'half')
    hooks.whileComposing = async () => {
      keys.erase('recipient-1')
      await deliver(recipientErased, { recipientId: 'recipient-1' })
    }
    await runner.start()
    await expect.poll(async () => (await messages())[0]!.state, patient).not.toBe('pending')
    await runner.stop()
    expect(readdirSync(mailDir)).toEqual([])
  })
})

describe('a mail server', () => {
  test('that refuses our password costs no message: they wait', async () => {
    const server = await smtp()
    const url = server.url.replace('smtp://', 'smtp://somebody:wrong@')
    const { deliver, runner, messages, steps } = await start(sqliteDatabase, { environment: { SMTP_URL: url } })
    await deliver(credentialIssued, issued(1))
    await runner.start()
    await expect.poll(async () => (await steps())[0]!.lastError, patient).toMatch(/Unavailable/)
    expect((await messages())[0]!.state).toBe('pending')
    expect((await steps())[0]!).toMatchObject({ attempts: 0 })
  })

  test.each([
    [{ responseCode: 550, command: 'RCPT TO', code: 'EENVELOPE' }, MailRefused],
    [{ responseCode: 554, command: 'DATA', code: 'EMESSAGE' }, MailRefused],
    [{ responseCode: 552, command: 'MAIL FROM', code: 'EENVELOPE' }, MailRefused],
    [{ command: 'API', code: 'EENVELOPE' }, MailRefused],
    [{ responseCode: 535, command: 'AUTH PLAIN', code: 'EAUTH' }, Unavailable],
    [{ responseCode: 550, command: 'MAIL FROM', code: 'EENVELOPE' }, Unavailable],
    [{ responseCode: 554, command: 'CONN', code: 'EPROTOCOL' }, Unavailable],
    [{ responseCode: 421, command: 'DATA', code: 'EMESSAGE' }, Unavailable],
    [{ command: 'CONN', code: 'ESOCKET' }, Unavailable],
    [{ responseCode: 450, command: 'RCPT TO', code: 'EENVELOPE' }, Error],
  ])('%j speaks of the message or of the server', (error, kind) => {
    const classified = classify(error)
    expect(classified).toBeInstanceOf(kind)
    if (kind === Error) expect(classified).not.toBeInstanceOf(Unavailable)
  })
})
