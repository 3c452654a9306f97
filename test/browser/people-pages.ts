import type { Browser, Page } from 'playwright-core'
import type { Installation } from '../installation.ts'
import { newVisitor, type Visitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { accessibilityFaults, clippedFaults, directionFaults, focusFaults, sidewaysFaults } from './page-rules.ts'

const password = 'correct horse battery'

/** Layout, direction and focus of a page as it stands; what axe-core says of a copy where scripts run. */
export async function checkPage(checks: Checks, browser: Browser, page: Page, name: string, visitor: Visitor): Promise<void> {
  const language = visitor.language ?? 'en'
  const label = `${name} ${visitor.width} ${language}${visitor.dark ? ' dark' : ''}`
  await checks.check(`${label}: layout`, async () => [
    ...await sidewaysFaults(page), ...await clippedFaults(page), ...await directionFaults(page, language), ...await focusFaults(page),
  ])
  await checks.picture(page, label.replaceAll(' ', '-'))
  await checks.check(`${label}: can be read by everybody`, async () => {
    const context = await newVisitor(browser, { ...visitor, javaScript: true })
    const copy = await context.newPage()
    await copy.setContent(await page.content())
    const faults = await accessibilityFaults(copy)
    await context.close()
    return faults
  })
}

/** Somebody is invited, makes an account, looks at it, gets a token, signs out, and comes back; without scripts. */
export async function checkPeople(checks: Checks, browser: Browser, installation: Installation, slug: string): Promise<void> {
  const { publicUrl } = installation
  const visitors: Visitor[] = [{ width: 390 }, { width: 1440, dark: true }, { width: 390, language: 'ar' }, { width: 1440, language: 'ar', dark: true }]
  for (const [index, given] of visitors.entries()) {
    const visitor = { ...given, javaScript: false }
    const { status, stdout, stderr } = await installation.cli('member', 'invite', `somebody-with-a-long-address-${index}@people.example`, '--organization', slug, '--json')
    if (status !== 0) throw new Error(stderr)
    const { link } = JSON.parse(stdout) as { link: string }
    const context = await newVisitor(browser, visitor)
    const page = await context.newPage()
    const label = `people ${visitor.width} ${visitor.language ?? 'en'}`
    const look = (name: string) => checkPage(checks, browser, page, name, visitor)
    const seen = watch(page, new URL(publicUrl).origin)
    await page.goto(link)
    await look('invitation')
    seen.stop()
    await page.locator('input[name=name]').fill('Oluwaseun Adébáyọ̀')
    await page.locator('input[name=password]').fill('short')
    await page.locator('form[action^="/invitations"] button').click()
    await look('invitation-refused')
    await page.locator('input[name=password]').fill(password)
    await page.locator('form[action^="/invitations"] button').click()
    await checks.check(`${label}: the account is made and shown`, () => (new URL(page.url()).pathname === '/account' ? [] : [`the address is ${page.url()}`]))
    await look('account')
    await page.locator('form[action^="/account/token"] button').click()
    await look('token')
    const lang = visitor.language ?? 'en'
    for (const path of ['password', 'passkeys', 'delete', 'second-factor', 'second-factor?required']) {
      await page.goto(`${publicUrl}/account/${path}${path.includes('?') ? '&' : '?'}lang=${lang}`)
      await look(path.replace('?', '-'))
    }
    await page.locator('input[name=password]').fill(password)
    await page.locator('form[action^="/account/second-factor"] button').click()
    await look('new-second-factor')
    for (const path of ['sign-in/link', 'sign-in/code', 'sign-in/link/none', 'sign-in/forgotten', 'sign-in/reset/none']) {
      await page.goto(`${publicUrl}/${path}?lang=${lang}`)
      await look(path.replaceAll('/', '-'))
    }
    await page.goto(`${publicUrl}/account`)
    await page.locator('form[action^="/sign-in/out"] button').click()
    await look('signed-out')
    await page.locator('input[name=email]').fill(`somebody-with-a-long-address-${index}@people.example`)
    await page.locator('input[name=password]').fill('wrong wrong wrong')
    await page.locator('form[action^="/sign-in"] button').click()
    await look('sign-in-refused')
    await page.locator('input[name=password]').fill(password)
    await page.locator('form[action^="/sign-in"] button').click()
    await checks.check(`${label}: signed in again`, () => (new URL(page.url()).pathname === '/account' ? [] : [`the address is ${page.url()}`]))
    await page.goto(link)
    await look('invitation-gone')
    const alone = await installation.cli('organization', 'create', `alone-${index}`, '--name', 'مدرسة المساء للفنون التطبيقية')
    const owned = await installation.cli('member', 'invite', `somebody-with-a-long-address-${index}@people.example`, '--organization', `alone-${index}`, '--json')
    if (alone.status !== 0 || owned.status !== 0) throw new Error(alone.stderr + owned.stderr)
    await page.goto((JSON.parse(owned.stdout) as { link: string }).link)
    await page.locator('form[action^="/invitations"] button').click()
    await page.waitForURL(/\/account\?/)
    await page.goto(`${publicUrl}/account/delete?lang=${lang}`)
    await look('delete-refused')
    await checks.check(`${label}: no complaint, no foreign request`, () => seen.faults())
    await context.close()
  }
}
