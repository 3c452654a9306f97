import type { Browser, Page } from 'playwright-core'
import { type Visitor, newVisitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { accessibilityFaults, clippedFaults, sidewaysFaults } from './page-rules.ts'

/** What the first person to come gets to keep. */
export type FirstClient = { id: string, secret: string }

const layout = async (page: Page) => [...await sidewaysFaults(page), ...await clippedFaults(page)]

/** axe-core is itself a script: it reads a copy where scripts may run. */
async function copyFaults(browser: Browser, page: Page): Promise<string[]> {
  const context = await newVisitor(browser, { width: 390 })
  const copy = await context.newPage()
  await copy.setContent(await page.content())
  const faults = await accessibilityFaults(copy)
  await context.close()
  return faults
}

/** The link of the first run: where scripts run, it fills in the code and the address forgets it. */
export async function checkSetupLink(checks: Checks, browser: Browser, link: string): Promise<void> {
  const visitors: Visitor[] = [{ width: 390 }, { width: 1440, dark: true }]
  for (const visitor of visitors) {
    const context = await newVisitor(browser, visitor)
    const page = await context.newPage()
    const seen = watch(page, new URL(link).origin)
    await page.goto(link)
    await checks.check(`setup ${visitor.width}: the code of the link is filled in, and leaves the address`, async () => {
      const code = await page.getByLabel('Set-up code').inputValue()
      return [
        ...(code === new URL(link).hash.slice(1) ? [] : [`the code is "${code}"`]),
        ...(page.url().includes('#') ? ['the address still holds it'] : []),
      ]
    })
    await checks.check(`setup ${visitor.width}: layout`, () => layout(page))
    await checks.picture(page, `setup-form-${visitor.width}`)
    await checks.check(`setup ${visitor.width}: can be read by everybody`, () => accessibilityFaults(page))
    await checks.check(`setup ${visitor.width}: no complaint, no foreign request`, () => seen.faults())
    await context.close()
  }
}

/** Makes the first organization, as a person without scripts does; answers what the page showed once. */
export async function checkSetup(checks: Checks, browser: Browser, link: string, name: string): Promise<FirstClient> {
  const { origin } = new URL(link)
  const context = await newVisitor(browser, { width: 390, javaScript: false })
  const page = await context.newPage()
  const fill = async (slug: string) => {
    await page.getByLabel('Name of the organization').fill(name)
    await page.getByLabel('Short name').fill(slug)
    await page.getByRole('button').click()
  }
  const refused = watch(page, origin, 422)
  await page.goto(link)
  await page.getByLabel('Set-up code').fill(link)
  await fill('Not A Slug')
  await checks.check('setup: a wrong short name is told, and what was typed stays', async () => [
    ...(await page.getByRole('alert').innerText()).includes('Short name') ? [] : ['it is not told'],
    ...(await page.getByLabel('Name of the organization').inputValue()) === name ? [] : ['the name is gone'],
    ...await layout(page),
    ...await copyFaults(browser, page),
    ...refused.faults().filter((fault) => !fault.includes('answered 200')),
  ])
  await checks.picture(page, 'setup-refused-390')
  await fill('first')
  const client = {
    id: await page.locator('dt:has-text("Client id") + dd').innerText(),
    secret: await page.locator('dt:has-text("Client secret") + dd').innerText(),
  }
  await checks.check('setup: the client and its secret are shown', async () => [
    ...client.secret.startsWith('vls_') ? [] : [`the secret is "${client.secret}"`],
    ...await layout(page),
    ...await copyFaults(browser, page),
  ])
  await checks.picture(page, 'setup-done-390')
  await page.setViewportSize({ width: 1440, height: 900 })
  await checks.picture(page, 'setup-done-1440')

  await page.goto(link.replace('#', '?again#'))
  await checks.check('setup: the link is used up, and the secret is shown no more', async () => [
    ...(await page.locator('form').count()) === 0 ? [] : ['the form is there again'],
    ...(await page.content()).includes(client.secret) ? ['the secret is shown again'] : [],
    ...await copyFaults(browser, page),
  ])
  await checks.picture(page, 'setup-closed-1440')
  await checks.check('setup: the code makes no second organization', async () => {
    const form = { token: new URL(link).hash.slice(1), name: 'Second', slug: 'second' }
    const answer = await context.request.post(`${origin}/setup`, { form })
    return answer.status() === 409 ? [] : [`it answers ${answer.status()}`]
  })
  await context.close()
  return client
}
