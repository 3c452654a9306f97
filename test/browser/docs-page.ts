import type { Browser } from 'playwright-core'
import { newVisitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { sidewaysFaults } from './page-rules.ts'

type Document = { tags: { name: string }[], paths: Record<string, Record<string, { tags: string[] }>> }

/** The API reference comes up from here alone, and lists what can be called. */
export async function checkDocs(checks: Checks, browser: Browser, origin: string): Promise<void> {
  for (const width of [1440, 390]) {
    const context = await newVisitor(browser, { width })
    const page = await context.newPage()
    const seen = watch(page, origin)
    try {
      await page.goto(`${origin}/docs`)
      await page.getByRole('heading', { name: 'Vellum' }).waitFor()
      await checks.check(`docs ${width}: no sideways scroll`, () => sidewaysFaults(page))
      await page.screenshot({ path: `${checks.pictures}/docs-${width}.png` })
      if (width > 1000) {
        await checks.check('docs: a chapter for what can be called, and no empty one', async () => {
          const { paths, tags } = await (await context.request.get(`${origin}/openapi.json`)).json() as Document
          const used = new Set(Object.values(paths).flatMap((item) => Object.values(item)).flatMap(({ tags }) => tags))
          const faults = tags.filter(({ name }) => !used.has(name)).map(({ name }) => `${name} is empty`)
          for (const tag of used)
            if (await page.getByRole('button', { name: new RegExp(tag) }).count() === 0)
              faults.push(`there is no chapter ${tag}`)
          return used.size === 0 ? ['nothing can be called'] : faults
        })
        await checks.check('docs: lists POST /v1/credentials', async () => {
          await page.getByRole('button', { name: /Credentials/ }).first().click()
          await page.getByRole('link', { name: /Issue a credential to one person/ }).first().click({ timeout: 10_000 })
          const section = page.locator('section').filter({ hasText: 'Issue a credential to one person' }).last()
          await section.getByText(/^post$/i).first().waitFor({ timeout: 10_000 })
          await section.getByText('/v1/credentials', { exact: true }).first().waitFor({ timeout: 10_000 })
          return []
        })
        await page.screenshot({ path: `${checks.pictures}/docs-issue-${width}.png` })
      }
      await checks.check(`docs ${width}: no complaint, no foreign request`, () => seen.faults())
    } catch (error) {
      await checks.check(`docs ${width}`, () => [String(error)])
    } finally {
      await context.close()
    }
  }
}
