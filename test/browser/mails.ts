import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import type { Browser } from 'playwright-core'
import { newVisitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { type Shown, until } from './credentials.ts'
import { accessibilityFaults, clippedFaults, directionFaults, inertFaults, sidewaysFaults } from './page-rules.ts'

/** The HTML of the mail that brought this credential. */
const mailOf = (folder: string, { url, name }: Shown): Promise<string> =>
  until(`the mail to ${name}`, async () => {
    for (const file of readdirSync(folder).filter((file) => file.endsWith('.eml'))) {
      const { html } = await simpleParser(readFileSync(join(folder, file)))
      if (html && html.includes(url)) return html
    }
    return undefined
  })

/** The mail as a mail program shows it: nothing is fetched. */
export async function checkMail(
  checks: Checks, browser: Browser, folder: string, mail: { label: string, shown: Shown, language: 'en' | 'ar', ask: string },
): Promise<void> {
  const { label, shown, language, ask } = mail
  const html = await mailOf(folder, shown)
  const context = await newVisitor(browser, { width: 390, language })
  const page = await context.newPage()
  const seen = watch(page, undefined)
  await page.setContent(html, { waitUntil: 'load' })
  for (const [width, colorScheme] of [[390, 'light'], [700, 'light'], [390, 'dark']] as const) {
    const name = `mail-${label}-${width}${colorScheme === 'dark' ? '-dark' : ''}`
    await page.setViewportSize({ width, height: 844 })
    await page.emulateMedia({ colorScheme })
    await checks.check(`${name}: can be read by everybody`, () => accessibilityFaults(page))
    await checks.check(`${name}: nothing overflows`, async () =>
      [...await sidewaysFaults(page), ...await clippedFaults(page)])
    await checks.picture(page, name)
  }
  await checks.check(`mail-${label}: language and direction`, () => directionFaults(page, language))
  for (const typed of [shown.name, shown.achievement])
    await checks.check(`mail-${label}: what people typed is whole and inert`, () => inertFaults(page, typed))
  await checks.check(`mail-${label}: leads to the credential, and to where questions are answered`, async () => {
    const targets = await page.locator('a').evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href))
    return targets.length === 3 && targets[0] === shown.url && targets[1] === shown.url && targets[2] === ask ? [] : targets
  })
  await checks.check(`mail-${label}: fetches nothing`, () => seen.faults())
  await context.close()
}
