import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Counts checks and tells those that fail; keeps pictures to look at. */
export type Checks = {
  /** Passes when `find` answers no fault. An error that it throws is a fault. */
  check(name: string, find: () => Promise<string[]> | string[]): Promise<void>
  /** A picture of the whole page. */
  picture(page: Page, name: string): Promise<void>
  readonly pictures: string
  readonly passed: number
  readonly failed: number
}

export function createChecks(): Checks {
  const pictures = mkdtempSync(join(tmpdir(), 'vellum-pages-'))
  let passed = 0
  let failed = 0
  return {
    pictures,
    get passed() {
      return passed
    },
    get failed() {
      return failed
    },
    async check(name, find) {
      let faults: string[]
      try {
        faults = await find()
      } catch (error) {
        faults = [error instanceof Error ? error.message : String(error)]
      }
      if (faults.length === 0) passed++
      else failed++
      for (const fault of faults.slice(0, 3)) process.stdout.write(`FAILED ${name}: ${fault}\n`)
      if (faults.length > 3) process.stdout.write(`FAILED ${name}: and ${faults.length - 3} more\n`)
    },
    picture: async (page, name) => {
      const path = join(pictures, `${name}.jpg`)
      await page.screenshot({ path, type: 'jpeg', quality: 90, scale: 'css', fullPage: true })
    },
  }
}
