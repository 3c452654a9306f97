import type { Browser, Page } from 'playwright-core'
import type { Installation } from '../installation.ts'
import { newVisitor, type Visitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { accessibilityFaults, clippedFaults, directionFaults, focusFaults, sidewaysFaults } from './page-rules.ts'

const password = 'correct horse battery'

/** An authenticator as a telephone has one, that verifies whoever holds it; by the DevTools protocol. */
async function addAuthenticator(page: Page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
    },
  })
  return {
    verify: (isUserVerified: boolean) => devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    credentials: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
  }
}

/** Somebody adds a passkey, signs out, signs in with it by the button and by what the browser fills in, and removes it. */
export async function checkPasskeys(checks: Checks, browser: Browser, installation: Installation, slug: string): Promise<void> {
  const { publicUrl } = installation
  const visitors: Visitor[] = [{ width: 390 }, { width: 1440, language: 'ar' }]
  for (const [index, visitor] of visitors.entries()) {
    const language = visitor.language ?? 'en'
    const label = `passkeys ${visitor.width} ${language}`
    const email = `key-${index}@people.example`
    const invited = await installation.cli('member', 'invite', email, '--organization', slug, '--json')
    if (invited.status !== 0) throw new Error(invited.stderr)
    const { link } = JSON.parse(invited.stdout) as { link: string }
    const context = await newVisitor(browser, visitor)
    const page = await context.newPage()
    const seen = watch(page, new URL(publicUrl).origin)
    /** Where the focus goes is looked at on pages that nobody has clicked in. */
    const look = async (name: string, { clicked = false } = {}) => {
      await checks.check(`${label}: ${name}`, async () => [
        ...await sidewaysFaults(page), ...await clippedFaults(page), ...await directionFaults(page, language), ...await accessibilityFaults(page),
        ...(clicked ? [] : await focusFaults(page)),
      ])
      await checks.picture(page, `${label} ${name}`.replaceAll(' ', '-'))
    }
    const isAt = (path: string, what: string) =>
      checks.check(`${label}: ${what}`, async () => {
        await page.waitForURL((url) => url.pathname === path, { timeout: 10_000 }).catch(() => undefined)
        return new URL(page.url()).pathname === path ? [] : [`the address is ${page.url()}: ${await page.locator('main').innerText()}`]
      })
    const signOut = async () => {
      await page.goto(`${publicUrl}/account?lang=${language}`)
      await page.locator('form[action^="/sign-in/out"] button').click()
      await page.waitForURL(/\/sign-in/)
      await page.waitForLoadState('networkidle')
    }

    await page.goto(`${link}?lang=${language}`)
    await page.locator('input[name=name]').fill('Oluwaseun Adébáyọ̀')
    await page.locator('input[name=password]').fill(password)
    await page.locator('form[action^="/invitations"] button').click()
    const authenticator = await addAuthenticator(page)
    await page.goto(`${publicUrl}/account/passkeys?lang=${language}`)
    await look('none')
    await page.locator('#add input[name=name]').fill('My telephone, the blue one')
    await page.locator('#add button').click()
    await page.locator('.rows li').waitFor()
    await look('added')
    await checks.check(`${label}: the authenticator keeps it, for this host and person`, async () => {
      const [made, ...more] = await authenticator.credentials()
      return made && more.length === 0 && made.isResidentCredential && made.rpId === new URL(publicUrl).hostname ? [] : [JSON.stringify([made, ...more])]
    })
    await page.locator('#add input[name=name]').fill('Again')
    await page.locator('#add button').click()
    await page.locator('#add [role=alert]').waitFor()
    await look('is-there-already', { clicked: true })

    await authenticator.verify(false)
    await signOut()
    await page.locator('#passkey button').click()
    await page.locator('#passkey [role=alert]').waitFor()
    await look('sign-in-not-verified', { clicked: true })
    await authenticator.verify(true)
    await page.locator('#passkey button').click()
    await isAt('/account', 'signs in by the button')
    await look('account')
    await signOut()
    // Chromium chooses a passkey of a virtual authenticator by itself, once the page lets it fill one in.
    await page.goto(`${publicUrl}/sign-in?lang=${language}&next=/account`)
    await isAt('/account', 'signs in by what the browser fills in')

    await page.goto(`${publicUrl}/account/passkeys?lang=${language}`)
    await page.locator('.rows a').click()
    await look('one')
    await page.locator('form[action*="/remove"] button').click()
    await checks.check(`${label}: is removed`, async () => ((await page.locator('.rows li').count()) === 0 ? [] : ['it is still there']))
    await checks.check(`${label}: no complaint, no foreign request`, () => seen.faults())
    await context.close()
  }
}
