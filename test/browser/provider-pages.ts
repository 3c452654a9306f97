import type { Browser } from 'playwright-core'
import type { Installation } from '../installation.ts'
import type { OpenIdProvider } from '../servers/openid-provider.ts'
import { newVisitor, type Visitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { checkPage } from './people-pages.ts'

const password = 'correct horse battery'

/** An owner sets their organization's provider on a page; a member leaves for it, comes back signed in, and somebody else does not. Without scripts. */
export async function checkProvider(checks: Checks, browser: Browser, installation: Installation, slug: string, provider: OpenIdProvider): Promise<void> {
  const { publicUrl } = installation
  const visitors: Visitor[] = [{ width: 390 }, { width: 1440, dark: true }, { width: 390, language: 'ar', dark: true }, { width: 1440, language: 'ar' }]
  for (const [index, given] of visitors.entries()) {
    const visitor = { ...given, javaScript: false }
    const lang = visitor.language ?? 'en'
    const label = `provider ${visitor.width} ${lang}`
    const invite = async (email: string, role: string) => {
      const { status, stdout, stderr } = await installation.cli('member', 'invite', email, '--organization', slug, '--role', role, '--json')
      if (status !== 0) throw new Error(stderr)
      return (JSON.parse(stdout) as { link: string }).link
    }
    const person = async () => {
      const context = await newVisitor(browser, visitor)
      const page = await context.newPage()
      return { context, page, look: (name: string) => checkPage(checks, browser, page, `provider-${name}`, visitor) }
    }
    const isAt = (page: { url(): string }, path: string, told: string) =>
      checks.check(`${label}: ${told}`, () => (new URL(page.url()).pathname.startsWith(path) ? [] : [`the address is ${page.url()}`]))

    const owner = await person()
    const seen = watch(owner.page, new URL(publicUrl).origin)
    await owner.page.goto(await invite(`owner-${index}@provider.example`, 'owner'))
    await owner.page.locator('input[name=name]').fill('Olive')
    await owner.page.locator('input[name=password]').fill(password)
    await owner.page.locator('form[action^="/invitations"] button').click()
    await owner.page.waitForURL(`${publicUrl}/account**`)
    await owner.page.goto(`${publicUrl}/account/organizations/${slug}/sign-in?lang=${lang}`)
    await owner.look('settings')
    await owner.page.locator('input[name=issuer]').fill(provider.issuer)
    await owner.page.locator('input[name=clientId]').fill(provider.clientId)
    await owner.page.locator('input[name=clientSecret]').fill(provider.clientSecret)
    await owner.page.locator('input[name=domains]').fill('provider.example')
    await owner.page.locator('select[name=joinRole]').selectOption('viewer')
    await owner.page.locator('button[value=save]').click()
    await owner.look('settings-saved')
    await checks.check(`${label}: the settings are kept`, async () => ((await owner.page.locator('[role=status]').count()) === 1 ? [] : ['nothing says so']))
    seen.stop()
    await checks.check(`${label}: no complaint, no foreign request of our pages`, () => seen.faults())
    await owner.context.close()

    for (const [login, isLetIn] of [[`member-${index}`, true], [`stranger-${index}`, false]] as const) {
      provider.accounts.set(login, { sub: login, email: `${login}@${isLetIn ? 'provider' : 'elsewhere'}.example`, email_verified: true, name: 'Mira' })
      const member = await person()
      await member.page.goto(`${publicUrl}/sign-in?lang=${lang}`)
      await member.page.locator('a[href^="/sign-in/organization"]').click()
      if (isLetIn) await member.look('choose')
      await member.page.locator('input[name=organization]').fill(isLetIn ? 'no such organization' : slug)
      await member.page.locator('form button').click()
      if (isLetIn) {
        await member.look('unknown')
        await member.page.locator('input[name=organization]').fill(`${login}@provider.example`)
        await member.page.locator('form button').click()
        await member.look('leave')
      }
      await member.page.locator('a.button').click()
      await member.page.waitForURL(`${provider.issuer}/**`)
      await member.page.locator('input[name=login]').fill(login)
      await member.page.locator('button').click()
      await member.page.waitForURL(`${publicUrl}/**`)
      await isAt(member.page, isLetIn ? '/account' : '/sign-in/callback/', isLetIn ? 'a member is signed in' : 'who is no member is told so')
      await member.look(isLetIn ? 'account' : 'refused')
      await member.context.close()
    }
    provider.tamper = (_, response) => {
      response.writeHead(503).end()
      return true
    }
    const waiting = await person()
    await waiting.page.goto(`${publicUrl}/sign-in/organization?lang=${lang}&organization=${slug}`)
    await waiting.page.locator('form button').click()
    await waiting.look('down')
    provider.tamper = undefined
    await waiting.context.close()
  }
}
