import { createTransport } from 'nodemailer'
import { afterEach, expect, it } from 'vitest'
import { startSmtp, type Misbehaviour, type Smtp } from './smtp.ts'

let smtp: Smtp
afterEach(() => smtp.stop())

const send = (url: string, number = 1) => createTransport({ url, connectionTimeout: 2_000, socketTimeout: 1_000 }).sendMail({
  from: 'issuer@example.org',
  to: `Søren <recipient-${number}@example.org>`,
  subject: 'Your certificate – 証明書',
  messageId: `<credential-${number}@example.org>`,
  text: 'Congratulations.',
  html: '<p>Congratulations.</p>',
  attachments: [{ filename: 'certificate.pdf', content: Buffer.from('%PDF-1.7 …'), contentType: 'application/pdf' }],
})

it('reads a message as its recipient would', async () => {
  smtp = await startSmtp()
  const before = Date.now()
  await send(smtp.url)
  const [message] = await smtp.messages()
  expect(message).toMatchObject({
    messageId: '<credential-1@example.org>',
    recipients: ['recipient-1@example.org'],
    to: ['recipient-1@example.org'],
    subject: 'Your certificate – 証明書',
    text: 'Congratulations.',
    html: '<p>Congratulations.</p>',
    attachments: [{ filename: 'certificate.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF-1.7 …') }],
  })
  expect(message?.headers.get('mime-version')).toBe('1.0')
  expect(smtp.firstAt).toBeGreaterThanOrEqual(before)
})

it('counts what it accepted, in order', async () => {
  smtp = await startSmtp()
  expect([smtp.count, smtp.firstAt, smtp.lastAt]).toEqual([0, undefined, undefined])
  for (const number of [1, 2, 3]) await send(smtp.url, number)
  expect(smtp.count).toBe(3)
  expect(smtp.messageIds()).toEqual([1, 2, 3].map(number => `<credential-${number}@example.org>`))
  expect(smtp.lastAt).toBeGreaterThanOrEqual(smtp.firstAt ?? Infinity)
})

it.each<[string, Misbehaviour, number]>([
  ['refuses for now', 421, 0],
  ['refuses for good', 550, 0],
  ['never answers', 'stall', 0],
  ['keeps the message but hangs up without an answer', 'close', 1],
])('%s after the message, when a test asks for it', async (_, how, count) => {
  smtp = await startSmtp({ fail: ({ stage }) => (stage === 'data' ? how : undefined) })
  const error = await send(smtp.url).catch((caught: Error & { responseCode?: number }) => caught)
  expect(error).toBeInstanceOf(Error)
  if (typeof how === 'number') expect(error).toMatchObject({ responseCode: how })
  expect(smtp.count).toBe(count)
})

it('refuses one recipient and not another', async () => {
  smtp = await startSmtp({ fail: ({ stage, to }) => (stage === 'recipient' && to.includes('-2@') ? 550 : undefined) })
  await send(smtp.url, 1)
  await expect(send(smtp.url, 2)).rejects.toMatchObject({ responseCode: 550 })
  expect(smtp.count).toBe(1)
})
