import type { Browser } from 'playwright-core'
import { newVisitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { sidewaysFaults } from './page-rules.ts'

/** The API reference comes up from here alone, and lists what can be called. */
export async function checkDocs(checks: Checks, browser: Browser, origin: string): Promise<void> {
  for (const width of [1440, 390]) {
    const context = await newVisitor(browser, { width })
    const page = await context.newPage()
    const seen = watch(page, origin)
    try {
      await page.goto(`${origin}/docs`)
      await page.getByRole('heading', { name: 'Vellum' }).waitFor()
      await checks.check(`docs ${width}: has no empty chapter`, async () => {
        const chapters = await page.locator('h2').allInnerTexts()
        const modules = chapters.filter((chapter) => ['identity', 'issuance', 'verification', 'notification'].includes(chapter))
        return [...modules, ...(chapters.length === 0 ? ['no chapter at all'] : [])]
      })
      await page.screenshot({ path: `${checks.pictures}/docs-${width}.png` })
      await checks.check(`docs ${width}: lists POST /v1/credentials`, async () => {
        if (width < 600) await page.getByRole('button', { name: /menu/i }).first().click()
        await page.getByRole('button', { name: /Credentials/ }).first().click()
        await page.getByRole('link', { name: /Issue a credential to one person/ }).first().click({ timeout: 10_000 })
        await page.getByText('/v1/credentials', { exact: true }).first().waitFor({ timeout: 10_000 })
        return []
      })
      await checks.check(`docs ${width}: no sideways scroll`, () => sidewaysFaults(page))
      await page.screenshot({ path: `${checks.pictures}/docs-credentials-${width}.png` })
      await checks.check(`docs ${width}: no complaint, no foreign request`, () => seen.faults())
    } catch (error) {
      await checks.check(`docs ${width}`, () => [String(error)])
    } finally {
      await context.close()
    }
  }
}
