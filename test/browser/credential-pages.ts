import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { type Visitor, newVisitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import type { Shown } from './credentials.ts'
import { accessibilityFaults, clippedFaults, directionFaults, focusFaults, inertFaults, sidewaysFaults } from './page-rules.ts'

const run = promisify(execFile)

/** A public page, and what must be readable on it. */
export type PublicPage = {
  name: string
  url: string
  origin: string
  status?: number
  /** Typed by people: shown whole, and inert. */
  typed?: string[]
  /** Said by the page, by language. */
  says?: { en: RegExp[], ar: RegExp[] }
  /** Made like another page, with other words in it: what axe-core finds would be the same. */
  likeAnother?: boolean
}

/** As it reads in either language. */
export const verdicts = {
  valid: { en: [/This credential is valid/, /stands in block \d.+development/], ar: [/هذه الشهادة صحيحة/, /في الكتلة \d.+للتطوير/] },
  test: { en: [/This is a test credential/, /^Test$/], ar: [/هذه شهادة تجريبية/, /^تجريبية$/] },
  revoked: { en: [/was revoked/], ar: [/أُلغيت هذه الشهادة/] },
  suspended: { en: [/is suspended/], ar: [/موقوفة مؤقتًا/] },
  missing: { en: [/There is no credential here/], ar: [/لا توجد شهادة هنا/] },
  issuer: { en: [/What it has awarded/, /^5 credentials$/, /did:web:localhost/], ar: [/ما منحته/, /^عدد الشهادات: 5$/, /did:web:localhost/] },
  newIssuer: { en: [/No credentials yet/], ar: [/لا شهادات بعد/] },
  missingIssuer: { en: [/There is no such issuer here/], ar: [/لا توجد جهة مُصدِرة/] },
  erased: { en: [/was erased/], ar: [/مُحيت هذه الشهادة/] },
}

/** Who looks at it. */
export type Sight = { page: PublicPage, visitors: Visitor[] }

const nameOf = ({ width, language = 'en', dark, javaScript = true }: Visitor): string =>
  [language, width, dark && 'dark', !javaScript && 'without-scripts'].filter(Boolean).join('-')

/** Looks at pages as visitors do: narrow and wide, in both languages, light and dark, with scripts and without. */
export async function checkPublicPages(checks: Checks, browser: Browser, sights: Sight[]): Promise<void> {
  const visitors = new Map(sights.flatMap((sight) => sight.visitors).map((visitor) => [nameOf(visitor), visitor]))
  // One visitor after another, each in a browser window of their own: opening one costs more than looking.
  for (const [name, visitor] of visitors) {
    const context = await newVisitor(browser, visitor)
    const page = await context.newPage()
    for (const sight of sights.filter((sight) => sight.visitors.some((one) => nameOf(one) === name)))
      await checkPublicPage(checks, page, sight.page, visitor)
    await context.close()
  }
}

async function checkPublicPage(checks: Checks, page: Page, wanted: PublicPage, visitor: Visitor): Promise<void> {
  const { language = 'en', javaScript = true } = visitor
  const label = `${wanted.name}-${nameOf(visitor)}`
  const seen = watch(page, wanted.origin, wanted.status)
  try {
    await page.goto(wanted.url, { waitUntil: 'load' })
    await checks.check(`${label}: language and direction`, () => directionFaults(page, language))
    await checks.check(`${label}: no sideways scroll`, () => sidewaysFaults(page))
    await checks.check(`${label}: nothing is cut off`, () => clippedFaults(page))
    for (const typed of wanted.typed ?? [])
      await checks.check(`${label}: what people typed is whole and inert`, () => inertFaults(page, typed))
    for (const said of wanted.says?.[language] ?? []) {
      await checks.check(`${label}: says ${said.source}`, async () =>
        await page.getByText(said).first().isVisible() ? [] : ['it does not'])
    }
    await checks.picture(page, label)
    await checks.check(`${label}: the keyboard's place can be seen`, () => focusFaults(page))
    for (const summary of await page.locator('summary').all()) await summary.click()
    await checks.check(`${label}: nothing is cut off when details are open`, async () =>
      [...await sidewaysFaults(page), ...await clippedFaults(page)])
    // axe-core is itself a script.
    if (javaScript && !wanted.likeAnother)
      await checks.check(`${label}: can be read by everybody`, () => accessibilityFaults(page))
    await checks.check(`${label}: no complaint, no foreign request`, () => seen.faults())
  } catch (error) {
    await checks.check(label, () => [String(error)])
  } finally {
    seen.stop()
  }
}

/** All of it can be done without scripts: the issuer, the other language, the PDF, the JSON. */
export async function checkLinks(checks: Checks, browser: Browser, shown: Shown): Promise<void> {
  const context = await newVisitor(browser, { width: 390, javaScript: false })
  const page = await context.newPage()
  try {
    await page.goto(shown.url)
    await checks.check('credential page: the other language is a link', async () => {
      await page.getByRole('link', { name: 'العربية' }).click()
      return directionFaults(page, 'ar')
    })
    await checks.check('credential page: leads to its issuer, in the language that was chosen', async () => {
      await page.getByRole('link', { name: 'Aldermoor College' }).click()
      const said = await page.getByText('ما منحته').isVisible() ? [] : [`${page.url()} is not the issuer's page`]
      await page.goBack()
      return [...said, ...await directionFaults(page, 'ar')]
    })
    for (const [kind, type] of [['PDF', 'application/pdf'], ['JSON', 'application/vc+ld+json']] as const) {
      await checks.check(`credential page: the ${kind} is a link`, async () => {
        const href = await page.getByRole('link', { name: kind }).getAttribute('href')
        const answer = await context.request.get(new URL(href ?? '', shown.url).href)
        return answer.ok() && answer.headers()['content-type'] === type ? [] : [`${href} answers ${answer.status()}`]
      })
    }
  } finally {
    await context.close()
  }
}

/** On paper it is one page, dark on white whatever the screen is set to, and tells where to check. */
export async function checkPrint(checks: Checks, browser: Browser, shown: Shown): Promise<void> {
  for (const language of ['en', 'ar'] as const) {
    const context = await newVisitor(browser, { width: 1440, language, dark: true })
    const page = await context.newPage()
    const file = join(checks.pictures, `print-${language}.pdf`)
    try {
      await page.goto(shown.url)
      await page.emulateMedia({ media: 'print' })
      await checks.check(`print ${language}: can be read`, () => accessibilityFaults(page))
      await page.pdf({ path: file, format: 'A4', preferCSSPageSize: true })
      await checks.check(`print ${language}: one page, with the address to check at`, async () => {
        const pages = /^Pages:\s*(\d+)$/m.exec((await run('pdfinfo', [file])).stdout)?.[1]
        const { stdout: text } = await run('pdftotext', [file, '-'])
        return [
          ...pages === '1' ? [] : [`${pages} pages`],
          ...[shown.url, shown.name].filter((wanted) => !text.includes(wanted)).map((it) => `does not say ${it}`),
        ]
      })
    } catch (error) {
      await checks.check(`print ${language}`, () => [String(error)])
    } finally {
      await context.close()
    }
  }
}
