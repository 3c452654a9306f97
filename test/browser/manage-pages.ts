import type { Browser } from 'playwright-core'
import type { Installation } from '../installation.ts'
import { codeOf } from '../identity/time-codes.ts'
import { newVisitor, type Visitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { checkPage } from './people-pages.ts'

const password = 'correct horse battery'

/** An owner of two organizations manages members, invitations and programs; without scripts. */
export async function checkManaging(checks: Checks, browser: Browser, installation: Installation, slug: string): Promise<void> {
  const { publicUrl } = installation
  const cli = async (...args: string[]) => {
    const { status, stdout, stderr } = await installation.cli(...args, '--json')
    if (status !== 0) throw new Error(stderr)
    return JSON.parse(stdout) as { link: string }
  }
  await cli('organization', 'create', 'night-school', '--name', 'مدرسة المساء للفنون التطبيقية')
  const visitors: Visitor[] = [{ width: 390 }, { width: 1440, dark: true }, { width: 390, language: 'ar' }, { width: 1440, language: 'ar', dark: true }]
  for (const [index, given] of visitors.entries()) {
    const visitor = { ...given, javaScript: false }
    const lang = visitor.language ?? 'en'
    const label = `managing ${visitor.width} ${lang}`
    const context = await newVisitor(browser, visitor)
    const page = await context.newPage()
    const look = (name: string) => checkPage(checks, browser, page, name, visitor)
    const join = async (email: string, name: string, role: string, to = slug) => {
      const { link } = await cli('member', 'invite', email, '--organization', to, '--role', role)
      await page.goto(link)
      if (name !== '') {
        await page.locator('input[name=name]').fill(name)
        await page.locator('input[name=password]').fill(password)
      }
      await page.locator('form[action^="/invitations"] button').click()
      await page.waitForURL(/\/account\?/)
    }
    const signOut = async () => {
      await page.goto(`${publicUrl}/account`)
      await page.locator('form[action^="/sign-in/out"] button').click()
      await page.waitForURL(/\/sign-in\?/)
    }
    const other = `viewer-${index}@with-a-rather-long-domain.people.example`
    await join(other, 'ليلى بنت أحمد الزهراني', 'viewer')
    await signOut()
    await join(`owner-${index}@people.example`, 'Grace Hopper', 'owner')
    await join(`owner-${index}@people.example`, '', 'issuer', 'night-school')
    const seen = watch(page, new URL(publicUrl).origin)
    const says = (what: string, selector: string) =>
      checks.check(`${label}: ${what}`, async () => ((await page.locator(selector).count()) > 0 ? [] : [`nothing at ${page.url()} is ${selector}`]))
    await page.goto(`${publicUrl}/account/organizations/${slug}?lang=${lang}`)
    await look('managed')
    await page.locator('nav.tabs a[href*="/members"]').click()
    await look('members')
    const row = page.locator('.rows li', { hasText: other })
    await row.locator('select').selectOption('reviewer')
    await row.locator('form:has(select) button').click()
    await says('the role is changed, and can be changed back', '[role=status] form button')
    await look('members-changed')
    await page.locator('[role=status] form button').click()
    await row.locator('summary').click()
    await look('members-removing')
    await row.locator('details form button').click()
    await says('the member is removed', '[role=status]')
    await page.locator('input[name=q]').fill('nobody at all')
    await page.locator('.filter button').click()
    await look('members-none')
    await page.locator('nav.tabs a[href*="/invitations"]').click()
    await look('invitations-none')
    await page.locator('input[name=email]').fill(`invited-${index}@people.example`)
    await page.locator('form:has(input[name=email]) button').click()
    await says('the invitation is sent', '[role=status]')
    await look('invitations')
    await page.locator('input[name=email]').fill(`owner-${index}@people.example`)
    await page.locator('form:has(input[name=email]) button').click()
    await says('a member is not invited again', '[role=alert]')
    await look('invitations-refused')
    await page.locator('.acts form:has(input[value=revoke]) button').first().click()
    await page.locator('nav.tabs a[href*="/access"]').click()
    await look('programs')
    await page.locator('nav.tabs a[href*="/second-factor"]').click()
    await look('second-factor-of-members')
    await page.goto(`${publicUrl}/account/second-factor?lang=${lang}`)
    await page.locator('input[name=password]').fill(password)
    await page.locator('form[action^="/account/second-factor"] button').click()
    await page.locator('input[name=code]').fill(codeOf(await page.locator('pre code').first().innerText()))
    await page.locator('form[action^="/account/second-factor/confirm"] button').click()
    await page.goto(`${publicUrl}/account/second-factor?lang=${lang}`)
    await look('second-factor-set')
    await page.locator('form[action^="/account/second-factor/codes"] input').fill(password)
    await page.locator('form[action^="/account/second-factor/codes"] button').click()
    await look('new-codes')
    await page.goto(`${publicUrl}/account/organizations/${slug}/second-factor?lang=${lang}`)
    await page.locator('main > form button').click()
    await says('a second factor is asked for, and that can be undone', '[role=status] form button')
    await look('second-factor-required')
    await page.locator('[role=status] form button').click()
    await says('none is asked for any more', '[role=status]')
    await page.locator('nav.tabs a[href*="night-school"]').click()
    await look('managed-nothing')
    await page.goto(`${publicUrl}/account/organizations/nobody/members?lang=${lang}`)
    await look('managed-not-here')
    await page.goto(`${publicUrl}/account/delete?lang=${lang}`)
    await page.locator('form[action^="/account/delete"] button').click()
    await says('the account is deleted, and that is told', '[role=status]')
    await look('account-deleted')
    await checks.check(`${label}: no complaint, no foreign request`, () => seen.faults().filter((fault) => !/404|409/.test(fault)))
    await context.close()
  }
}
