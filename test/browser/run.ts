// The pages that people see, in a real browser over a real installation: public pages, set-up, API reference, e-mail.
// The last line is "N passed, N failed, N skipped". Pictures of all pages are kept in a temporary folder.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownCertificate } from '../../scripts/lib/demo/own-certificate.ts'
import { createAccount, createInstallation } from '../installation.ts'
import { startAnvil } from '../servers/anvil.ts'
import { startOpenIdProvider } from '../servers/openid-provider.ts'
import { launchBrowser, type Visitor } from './browser.ts'
import { createChecks } from './checks.ts'
import { checkLinks, checkPrint, checkPublicPages, verdicts } from './credential-pages.ts'
import { issue, send, type Shown, until } from './credentials.ts'
import { checkDocs } from './docs-page.ts'
import { checkMail } from './mails.ts'
import { checkManaging } from './manage-pages.ts'
import { checkPasskeys } from './passkey-pages.ts'
import { checkPeople } from './people-pages.ts'
import { checkRecipients } from './recipient-pages.ts'
import { checkProvider } from './provider-pages.ts'
import { checkRules } from './rules-check.ts'
import { checkSetup, checkSetupLink } from './setup-page.ts'

const both = (visitor: Visitor): Visitor[] => [{ ...visitor, language: 'en' }, { ...visitor, language: 'ar' }]
const everyone: Visitor[] = [...both({ width: 390 }), ...both({ width: 1440 })]

const started = performance.now()
const checks = createChecks()
const browser = await launchBrowser()
const folder = mkdtempSync(join(tmpdir(), 'vellum-browser-'))
const tls = await ownCertificate(folder)
const anvil = await startAnvil()
const published = await createInstallation({
  tls,
  environment: {
    EVM_RPC_URL: anvil.url,
    ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey,
    ANCHOR_INTERVAL_MS: '0',
    ANCHOR_POLL_MS: '100',
  },
})
const provider = await startOpenIdProvider()
const trial = await createInstallation({ environment: { SIGN_IN_PRIVATE_HOSTS: provider.host } })

/** A new installation on plain http: set up by its first visitor, and all that it issues is a test. */
async function firstVisit(): Promise<void> {
  await trial.start()
  const link = /http:\/\/[^\s"]+\/setup#[\w-]+/.exec(trial.output())?.[0]
  if (!link) throw new Error('The first run printed no set-up link.')
  await checkSetupLink(checks, browser, link)
  const name = 'Aldermoor & <i>Sons</i> College'
  const client = await checkSetup(checks, browser, link, name)
  const granted = await trial.fetch('/oauth/token', {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  })
  const { access_token } = await granted.json() as { access_token: string }
  const caller = {
    fetch(path: string, init: Parameters<typeof trial.fetch>[1] = {}) {
      const headers = { ...init.headers as Record<string, string>, authorization: `Bearer ${access_token}` }
      return trial.fetch(path, { ...init, headers })
    },
  }
  const shown = await issue(caller, { name: 'Grace Hopper', achievement: 'Compilers' })
  const typed = [shown.name, shown.achievement, name]
  const page = { name: 'test', url: shown.url, origin: trial.publicUrl, typed, says: verdicts.test }
  await checkPublicPages(checks, browser, [{ page, visitors: both({ width: 390 }) }])
  await checkMail(checks, browser, trial.mailDir, { label: 'test', shown, language: 'en', ask: `${trial.publicUrl}/issuers/first` })
  await checkDocs(checks, browser, trial.publicUrl)
  await checkPeople(checks, browser, trial, 'first')
  await checkProvider(checks, browser, trial, 'first', provider)
  await checkManaging(checks, browser, trial, 'first')
  await checkPasskeys(checks, browser, trial, 'first')
}

/** An installation in earnest: every kind of name, every status. */
async function publicPages(): Promise<void> {
  await published.start()
  const [college, academy] = await Promise.all([
    createAccount(published, 'aldermoor', 'Aldermoor College'),
    createAccount(published, 'academy', 'أكاديمية النور للعلوم والتقنية'),
    createAccount(published, 'new', 'New <b>College</b>'),
  ])
  await send(college, 'PATCH', '/v1/organization', { url: 'https://www.aldermoor.example/credentials', contactEmail: 'registrar@aldermoor.example' })
  const { content } = await send<{ content: object }>(college, 'GET', '/v1/templates/certificate-classic')
  await send(college, 'PUT', '/v1/templates/suspendable', { ...content, suspendable: true })
  const achievement = 'Distributed Systems'
  const longWord = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
  const names = {
    latin: 'Ada Lovelace',
    long: `Dr. Hubert Blaine ${'Wolfeschlegelsteinhausenbergerdorff'.repeat(5)}`,
    markup: '<img src=x onerror=alert(1)>',
    bidi: 'דוד \u200Fבן־אברהם\u200E (David) 3/4 أحمد',
    han: '山田 太郎',
    devanagari: 'शिरिषा सुवेदी',
  }
  const criteria = 'Twelve weeks of lectures, six graded assignments and a final project, each with 60 points or more.'
  const [latin, long, markup, bidi, han, devanagari, revoked, suspended, erased, arabic] = await Promise.all([
    issue(college, { name: names.latin, achievement: 'Distributed Systems, with honours', criteria }),
    issue(college, {
      name: names.long,
      achievement: `Advanced Certificate in Interdisciplinary Environmental Systems Engineering and ${longWord}`,
    }),
    issue(college, { name: names.markup, achievement: '"><script>alert(2)</script>' }),
    issue(college, { name: names.bidi, achievement }),
    issue(college, { name: names.han, achievement }),
    issue(college, { name: names.devanagari, achievement }),
    issue(college, { name: 'Emile Revoked', achievement }),
    issue(college, { name: 'Sophie Suspended', achievement, template: 'suspendable' }),
    issue(college, { name: 'Erik Erased', achievement }),
    issue(academy, {
      name: 'ليلى بنت أحمد الزهراني',
      achievement: 'أساسيات الأنظمة الموزعة',
      locale: 'ar',
      criteria: 'اثنا عشر أسبوعًا من المحاضرات وستة واجبات ومشروع نهائي.',
    }),
  ]) as [Shown, Shown, Shown, Shown, Shown, Shown, Shown, Shown, Shown, Shown]
  // Enough to be listed on the page of their issuer.
  await Promise.all([long, markup].flatMap(({ achievement }) => ['Un', 'Deux', 'Trois', 'Quatre'].map((name) => issue(college, { name, achievement }))))
  await send(college, 'POST', `/v1/credentials/${revoked.id}/revoke`, { reason: 'Awarded by mistake' })
  await send(college, 'POST', `/v1/credentials/${suspended.id}/suspend`, {})
  await send(college, 'DELETE', `/v1/recipients/${erased.recipientId}`)
  await until('the erasure', async () => (await published.fetch(erased.url)).status === 410 || undefined)
  const anchorOf = async ({ url }: Shown) =>
    (await send<{ anchor: object | null }>(published, 'GET', url)).anchor ?? undefined
  const valid = [latin, long, markup, bidi, han, devanagari, arabic]
  await Promise.all(valid.map((shown) => until(`the anchor of ${shown.name}`, () => anchorOf(shown))))

  const at = (name: string, { url, name: recipient, achievement }: Shown, says: keyof typeof verdicts = 'valid') =>
    ({ name, url, origin: published.publicUrl, typed: [recipient, achievement], says: verdicts[says] })
  const like = (name: string, shown: Shown) => ({ ...at(name, shown), likeAnother: true })
  const { publicUrl: origin } = published
  const issuer = { name: 'issuer', url: `${origin}/issuers/aldermoor`, origin, typed: ['Aldermoor College', achievement, long.achievement, markup.achievement], says: verdicts.issuer }
  const newIssuer = { name: 'issuer-new', url: `${origin}/issuers/new`, origin, typed: ['New <b>College</b>'], says: verdicts.newIssuer }
  const nothing = (name: 'missing' | 'missingIssuer' | 'erased', url: string, status: number) =>
    ({ name, url, origin, status, says: verdicts[name] })
  const withoutScripts: Visitor[] = both({ width: 390, javaScript: false })
  await checkPublicPages(checks, browser, [
    { page: at('latin', latin), visitors: [...everyone, ...withoutScripts, { width: 1440, dark: true }] },
    { page: at('arabic', arabic), visitors: [...everyone, { width: 390, language: 'ar', dark: true }] },
    { page: like('long', long), visitors: [...both({ width: 390 }), { width: 1440 }] },
    { page: like('markup', markup), visitors: [...both({ width: 390 }), withoutScripts[0]!] },
    { page: like('bidi', bidi), visitors: both({ width: 390 }) },
    { page: like('han', han), visitors: [{ width: 390 }] },
    { page: like('devanagari', devanagari), visitors: [{ width: 390 }] },
    { page: at('revoked', revoked, 'revoked'), visitors: [...both({ width: 390 }), { width: 1440, dark: true }] },
    { page: at('suspended', suspended, 'suspended'), visitors: both({ width: 390 }) },
    { page: issuer, visitors: [...everyone, ...withoutScripts, { width: 1440, dark: true }, { width: 390, language: 'ar', dark: true }] },
    { page: newIssuer, visitors: [...both({ width: 390 }), { width: 1440 }] },
    { page: nothing('missing', `${origin}/v/nothing-here`, 404), visitors: [...both({ width: 390 }), { width: 1440 }] },
    { page: nothing('missingIssuer', `${origin}/issuers/nobody`, 404), visitors: both({ width: 390 }) },
    { page: nothing('erased', erased.url, 410), visitors: both({ width: 390 }) },
  ])
  await checkRecipients(checks, browser, published, { college, slug: 'aldermoor' })
  await checkLinks(checks, browser, latin)
  await checkPrint(checks, browser, latin)
  for (const [label, shown] of Object.entries({ latin, arabic, long, markup }))
    await checkMail(checks, browser, published.mailDir, {
      label, shown, language: shown === arabic ? 'ar' : 'en', ask: shown === arabic ? `${origin}/issuers/academy` : 'mailto:registrar@aldermoor.example',
    })
}

/** One that breaks off is a failure, and does not stop the others. */
const whole = (name: string, part: () => Promise<void>) =>
  checks.check(`${name}: to the end`, () => part().then(() => [], (error: Error) => [error.stack ?? error.message]))

try {
  await whole('rules', () => checkRules(checks, browser))
  await Promise.all([whole('first visit', firstVisit), whole('public pages', publicPages)])
} finally {
  await browser.close()
  await Promise.all([published.remove(), trial.remove(), anvil.stop(), provider.stop()])
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`Pictures: ${checks.pictures}\n${((performance.now() - started) / 1_000).toFixed(1)} s\n`)
process.stdout.write(`${checks.passed} passed, ${checks.failed} failed, 0 skipped\n`)
process.exitCode = checks.failed > 0 ? 1 : 0
