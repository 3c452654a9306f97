import { randomBytes } from 'node:crypto'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { sampleRows } from '../../../../test/render/sample.ts'
import { composeMime, type MimeMessage } from './mime-message.ts'

const content = randomBytes(40_001)
const message = (over: Partial<MimeMessage> = {}): MimeMessage => ({
  from: { name: 'Acme Academy', address: 'no-reply@acme.example' },
  to: { name: 'Ada Lovelace', address: 'ada@example.org' },
  subject: 'Your certificate',
  messageId: 'one.issued@acme.example',
  date: new Date('2026-11-24T09:08:07.123Z'),
  headers: { 'Content-Language': 'en', 'Auto-Submitted': 'auto-generated' },
  text: 'Dear Ada,\n\n.\n..\nFrom here on\n',
  html: '<p>Dear Ada</p>',
  attachment: { fileName: 'certificate.pdf', mediaType: 'application/pdf', content },
  ...over,
})
const parsed = (over: Partial<MimeMessage> = {}) => simpleParser(composeMime(message(over)), { skipTextToHtml: true, skipHtmlToText: true })

const hard = [
  '王小明', 'محمد بن عبد الله', 'क्षत्रिय शर्मा', '👩‍🎓 Zoë', 'O\'Neil "the Great" \\ Jr.', '<img src=x onerror=alert(1)>', 'Last, First', 'a@b.example',
  '=?utf-8?B?aGFja2Vk?=', 'é'.repeat(200), 'x'.repeat(200), `${'long '.repeat(40)}name`, '\u2067ארי\u2069 Levi', ' padded ', 'tab\there', '(comment)', '; ;', 'ﬁ\u0000'.slice(0, 1),
]

describe('a message with a file', () => {
  test('is read by others as what it was', async () => {
    const mail = await parsed()
    expect(mail).toMatchObject({ messageId: '<one.issued@acme.example>', subject: 'Your certificate', date: new Date('2026-11-24T09:08:07Z') })
    expect(mail.text).toBe(message().text)
    expect(mail.html).toBe(message().html)
    expect(mail.headers.get('content-language')).toBe('en')
    expect(mail.attachments).toHaveLength(1)
    expect(mail.attachments[0]).toMatchObject({ filename: 'certificate.pdf', contentType: 'application/pdf', contentDisposition: 'attachment' })
    expect(mail.attachments[0]!.content.equals(content)).toBe(true)
  })

  test.each([...hard, ...sampleRows().slice(0, 100).map(({ name }) => name)])('keeps the name %j, everywhere', async (name) => {
    const mail = await parsed({
      from: { name, address: 'no-reply@acme.example' }, to: { name, address: 'ada@example.org' }, subject: name, text: name, html: `<p>${name}</p>`,
    })
    for (const field of [mail.from, [mail.to!].flat()[0]]) expect(field!.value).toEqual([{ name: name.trim(), address: field === mail.from ? 'no-reply@acme.example' : 'ada@example.org' }])
    expect(mail.subject!.trim()).toBe(name.trim())
    expect(mail.text!.trim()).toBe(name.trim())
    expect(mail.html).toBe(`<p>${name}</p>`)
    for (const line of composeMime(message({ subject: name, to: { name, address: 'ada@example.org' } })).toString('latin1').split('\r\n')) {
      expect(line).toMatch(/^[\t\x20-\x7e]{0,78}$/)
    }
  })

  test('writes a domain of another script in the letters of the DNS', async () => {
    expect([(await parsed({ to: { name: '', address: 'ada@bücher.example' } })).to!].flat()[0]!.value[0]!.address).toBe('ada@bücher.example')
    expect(composeMime(message({ to: { name: '', address: 'ada@bücher.example' } })).toString('latin1')).toContain('To: ada@xn--bcher-kva.example\r\n')
  })

  test.each(['x\r\nBcc: eve@example.org', 'x\nBcc: eve@example.org', 'x\rBcc: eve@example.org', 'x\r\n Bcc: eve@example.org', 'x\0y'])('refuses %j in every header', (value) => {
    for (const over of [
      { subject: value }, { messageId: value }, { headers: { 'X-Any': value } }, { from: { name: value, address: 'a@b.example' } },
      { to: { name: 'A', address: `${value}@b.example` } }, { attachment: { fileName: value, mediaType: 'application/pdf', content } },
      { attachment: { fileName: 'a.pdf', mediaType: value, content } },
    ]) expect(() => composeMime(message(over))).toThrow(TypeError)
  })

  test.each(['a>b@example.org', 'a@example.org, b@example.org', 'a b@example.org'])('refuses the address %j, which is more than one', (address) => {
    expect(() => composeMime(message({ to: { name: 'A', address } }))).toThrow(TypeError)
  })
})
