import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import type { Browser } from 'playwright-core'
import type { Account, Installation } from '../installation.ts'
import { newVisitor, type Visitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { send, until } from './credentials.ts'
import { accessibilityFaults, clippedFaults, directionFaults, inertFaults, sidewaysFaults } from './page-rules.ts'
import { checkPage } from './people-pages.ts'

const isLink = /https?:\/\/\S+\/recipient\/[\w-]+\/link\/[\w-]{43}/

/** The mails that went to an address, the newest last. */
async function mailsOf(folder: string, email: string) {
  const mails = await Promise.all(readdirSync(folder).filter((file) => file.endsWith('.eml')).map((file) => simpleParser(readFileSync(join(folder, file)))))
  return mails.filter((mail) => [mail.to].flat().some((to) => to?.value.some(({ address }) => address === email))).sort((a, b) => Number(a.date) - Number(b.date))
}

const achievements = ['Distributed Systems', 'أساسيات الأنظمة الموزعة', '"><script>alert(2)</script>', 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft']

/** So many that there are two pages of them; the last of `achievements` is revoked. */
async function issueAll(college: Account, email: string, locale: string): Promise<string> {
  const ids: string[] = []
  const names = [...Array.from({ length: 18 }, (_, n) => `Course ${n + 1}`), ...achievements]
  for (const [occurrence, name] of names.entries()) {
    const { id } = await send<{ id: string }>(college, 'POST', '/v1/credentials', {
      recipient: { name: 'Oluwaseun <i>Adébáyọ̀</i>', email, locale }, achievement: { name }, completedOn: '2026-06-30', occurrence: String(occurrence), notify: false,
    })
    ids.push(id)
  }
  await send(college, 'POST', `/v1/credentials/${ids.at(-1)!}/revoke`, {})
  const shown = ids[18]!
  return until('the credential of a recipient', async () => {
    const { publicUrl, issuedAt } = await send<{ publicUrl: string, issuedAt: string | null }>(college, 'GET', `/v1/credentials/${shown}`)
    return issuedAt !== null && (await college.fetch(publicUrl)).ok ? publicUrl : undefined
  })
}

/** Somebody comes in by a mailed link, looks, takes what is theirs, asks to be erased, is refused, and leaves; without scripts. */
export async function checkRecipients(checks: Checks, browser: Browser, installation: Installation, { college, slug }: { college: Account, slug: string }): Promise<void> {
  const { publicUrl, mailDir } = installation
  const visitors: Visitor[] = [{ width: 390 }, { width: 1440, dark: true }, { width: 390, language: 'ar' }, { width: 1440, language: 'ar' }]
  for (const [index, given] of visitors.entries()) {
    const visitor = { ...given, javaScript: false }
    const lang = visitor.language ?? 'en'
    const label = `recipient ${visitor.width} ${lang}`
    const email = `somebody-with-a-long-address-${index}@recipients.example`
    const at = await issueAll(college, email, lang)
    const context = await newVisitor(browser, visitor)
    const page = await context.newPage()
    const look = (name: string) => checkPage(checks, browser, page, `recipient-${name}`, visitor)
    const isAt = (what: string, path: string) =>
      checks.check(`${label}: ${what}`, () => (new URL(page.url()).pathname === path ? [] : [`the address is ${page.url()}`]))
    const seen = watch(page, publicUrl)
    const newest = (before: number) => until('the link is mailed', async () => (await mailsOf(mailDir, email)).filter(({ text }) => isLink.test(text ?? ''))[before])
    const home = `/recipient/${slug}`

    await page.goto(`${at}?lang=${lang}`)
    await page.locator('.yours button').click()
    await isAt('asked for on the page of a credential', `${home}/link`)
    await look('sent')
    const mail = await newest(0)
    const link = isLink.exec(mail.text!)![0]
    await page.goto(link)
    await look('link')
    await page.locator('main form button').click()
    await isAt('is in', home)
    await look('home')
    await checks.check(`${label}: what people typed is inert`, async () => [...await inertFaults(page, achievements[2]!), ...await inertFaults(page, 'Oluwaseun <i>Adébáyọ̀</i>')])
    await checks.check(`${label}: nobody else can read the cookie`, async () => {
      const [cookie] = await context.cookies()
      return cookie?.name === '__Host-vellum.recipient' && cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict' ? [] : [JSON.stringify({ ...cookie, value: '' })]
    })
    await checks.check(`${label}: everything is downloaded`, async () => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[href="/v1/exports/mine"]').click()])
      const zip = readFileSync(await download.path())
      return zip.subarray(0, 2).toString() === 'PK' && zip.includes('contents.json') ? [] : [`${zip.length} bytes that are no archive`]
    })
    await page.locator('.pager a').click()
    await look('older')
    await page.locator(`a[href*="${home}/erasure"]`).click()
    await look('erasure')
    await page.locator('main form button').click()
    await look('asked')
    await page.locator('form[action*="take-back"] button').click()
    await look('taken-back')
    await page.locator(`a[href*="${home}/erasure"]`).click()
    await page.locator('main form button').click()
    const { requests: [open] } = await send<{ requests: { id: string }[] }>(college, 'GET', '/v1/erasure-requests?state=open')
    const reason = 'The register of examinations is kept for ten years by law: <b>§ 12</b>.'
    await send(college, 'POST', `/v1/erasure-requests/${open!.id}/refuse`, { reason })
    await page.goto(`${publicUrl}${home}?lang=${lang}`)
    await look('refused')
    await checks.check(`${label}: the reason is inert`, () => inertFaults(page, reason))
    await page.locator(`form[action*="${home}/leave"] button`).click()
    await look('left')
    await page.goto(`${publicUrl}/issuers/${slug}?lang=${lang}`)
    await page.locator('.yours input[name=email]').fill(email)
    await page.locator('.yours button').click()
    await isAt('asked for on the page of the issuer', `${home}/link`)
    await newest(1)
    await checks.check(`${label}: no complaint, no foreign request`, () => seen.faults())
    seen.stop()
    await page.goto(link)
    await look('old-link')
    await page.goto(`${publicUrl}${home}?lang=${lang}`)
    await look('ask')
    await page.goto(`${publicUrl}/recipient/nobody?lang=${lang}`)
    await look('missing')
    await context.close()
    const refusal = await until('the refusal is mailed', async () => (await mailsOf(mailDir, email)).find(({ text }) => text?.includes('kept for ten years')))
    for (const [name, { html }] of Object.entries({ link: mail, refusal })) await checkLinkMail(checks, browser, `${name}-${visitor.width}-${lang}`, visitor, html as string)
  }
}

/** As a mail program shows it: nothing is fetched. */
async function checkLinkMail(checks: Checks, browser: Browser, label: string, visitor: Visitor, html: string): Promise<void> {
  const context = await newVisitor(browser, { ...visitor, javaScript: true })
  const page = await context.newPage()
  const seen = watch(page, undefined)
  await page.setContent(html, { waitUntil: 'load' })
  await checks.check(`mail-${label}: can be read by everybody`, async () => [
    ...await accessibilityFaults(page), ...await sidewaysFaults(page), ...await clippedFaults(page), ...await directionFaults(page, visitor.language ?? 'en'),
  ])
  await checks.picture(page, `mail-recipient-${label}`)
  await checks.check(`mail-${label}: fetches nothing`, () => seen.faults())
  await context.close()
}
