import { describe, expect, it } from 'vitest'
import { securityChanges } from '#modules/identity/index.ts'
import { accountEmail } from './account-email.ts'

const common = { kind: 'security-change', email: 'vera@canary.example', name: 'Vera <b>', link: 'https://vellum.example/account', expiresAt: '2026-12-06T00:00:00.000Z' } as const

describe('a mail about a change of how one signs in', () => {
  it.each(['en', 'ar-EG'])('says in %s what was changed, when, and what to do if it was somebody else', (locale) => {
    const says = securityChanges.map((change) => accountEmail({ ...common, locale, change, changedAt: '2026-11-29T21:05:00.000Z' }))
    expect(new Set(says.map(({ subject }) => subject)).size).toBe(securityChanges.length)
    for (const { text, html, language, subject } of says) {
      expect(language).toBe(locale.slice(0, 2))
      expect(html).toContain(`<title>${subject}</title>`)
      expect(text).not.toContain('undefined')
      for (const part of [text, html]) expect(part).toContain(new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date('2026-11-29T21:05:00Z')))
      expect(text).toContain(common.link)
      expect(html).toContain('Vera &lt;b&gt;')
    }
    const { link: _, ...without } = common
    const last = accountEmail({ ...without, locale, change: 'account-deleted', changedAt: '2026-11-29T21:05:00.000Z' })
    expect([last.html.includes('<a '), /undefined|http/.test(last.text)]).toEqual([false, false])
    expect(new Set(says.map(({ text }) => text)).size).toBe(securityChanges.length)
  })
})
