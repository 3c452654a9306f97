import { describe, expect, test } from 'vitest'
import type { MessageContent } from '../tables.ts'
import { certificateEmail } from './certificate-email.ts'

const content: MessageContent = {
  recipientName: 'Ada Lovelace', recipientEmail: 'ada@example.org', achievementName: 'Distributed Systems', issuerName: 'Acme Academy', publicId: 'pAbc123',
  locale: 'en', test: false, contact: { slug: 'acme', email: 'registrar@acme.example' },
}
const publicUrl = 'https://vellum.example'
const mail = (over: Partial<MessageContent> = {}) => certificateEmail({ ...content, ...over }, publicUrl)

/** What a person reads of it, without what no one sees. */
const read = (html: string): string =>
  html.replace(/<head>[\s\S]*<\/head>/, '').replace(/<div style="display:none[\s\S]*?<\/div>/, '').replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')

describe('the mail with a certificate', () => {
  test.each(['en', 'ar-EG'])('says the same in plain text and in HTML (%s)', (locale) => {
    const { text, html } = mail({ locale, test: true })
    const shown = read(html).replaceAll(' ', '')
    const lines = text.replaceAll(/[\u2068\u2069]/g, '').split('\n').filter((line) => line !== '' && line !== '--').map((line) => line.replace(/:$/, ''))
    expect(lines).toHaveLength(11)
    for (const line of lines) expect(shown).toContain(line.replaceAll(' ', ''))
  })

  test('runs from right to left in Arabic, and in English where there is no translation', () => {
    expect(mail({ locale: 'ar' })).toMatchObject({ language: 'ar', html: expect.stringContaining('<html lang="ar" dir="rtl">') })
    expect(mail({ locale: 'pt-BR' })).toMatchObject({ language: 'en', html: expect.stringContaining('<html lang="en" dir="ltr">') })
  })

  test('shows names as text, whatever they hold, and asks nobody for anything', () => {
    const nasty = '<img src=x onerror=alert(1)>"\'&'
    const { html, text } = mail({ recipientName: nasty, achievementName: nasty, issuerName: nasty, contact: { slug: 'acme', email: 'a"><b@acme.example' } })
    expect(html).not.toMatch(/<img|<b@|<script|<link|url\(|src=(?!x onerror=alert\(1\)&gt;)/)
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;')
    expect(text).toContain(nasty)
  })

  test('tells why it came and where to ask: the issuer’s address, else its page, else nothing', () => {
    expect(mail().html).toContain('href="mailto:registrar@acme.example"')
    expect(mail({ contact: { slug: 'acme' } }).html).toContain(`href="${publicUrl}/issuers/acme"`)
    const { contact: _, ...bare } = content
    const { html, text } = certificateEmail(bare, publicUrl)
    expect(html.match(/href="[^"]+"/g)).toEqual(Array(2).fill(`href="${publicUrl}/v/pAbc123"`))
    expect(text).toContain('issued a certificate to ada@example.org')
  })

  test('has addresses on their own, so that no mark becomes a part of a link', () => {
    for (const address of [`${publicUrl}/v/pAbc123`, 'ada@example.org', 'registrar@acme.example'])
      expect(mail({ locale: 'ar' }).text).toMatch(new RegExp(`(?<=^|\\s)${address}\\.?$|(?<=\\s)${address}\\.?\\s`, 'm'))
  })
})
