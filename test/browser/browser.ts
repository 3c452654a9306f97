import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import {
  type Browser, type BrowserContext, chromium, type ConsoleMessage, type Dialog, type Page, type Request, type Response,
} from 'playwright-core'

/** How a visitor's browser is set. */
export type Visitor = {
  /** Of the window, in CSS pixels. */
  width: number
  language?: 'en' | 'ar'
  dark?: boolean
  javaScript?: boolean
}

/** Everything that a page did and should not have done: one sentence each. It ends with the page, or by `stop`. */
export type Watch = { faults(): string[], stop(): void }

/** The Chromium of this machine. Throws when there is none. */
function chromiumPath(): string {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const found = (process.env.PATH ?? '').split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path))
  if (!found) throw new Error('There is no Chromium in PATH; install the package chromium.')
  return found
}

/** Starts a browser that reaches this machine and nothing else. It ends with this process. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath(),
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  })

/** A fresh visitor: no cookies, no cache. The certificates of the tests sign themselves, so any is taken. */
export function newVisitor(browser: Browser, visitor: Visitor): Promise<BrowserContext> {
  const { width, language = 'en', dark = false, javaScript = true } = visitor
  return browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    locale: language,
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: javaScript,
    ignoreHTTPSErrors: true,
  })
}

/**
 * Listens, from before the first request, for script errors, refusals by the content security policy, dialogs, failed
 * requests, and requests to any origin but the given one. An answer of `status` to the page itself is expected.
 */
export function watch(page: Page, origin: string | undefined, status = 200): Watch {
  const faults = new Set<string>()
  const bare = (url: string) => url.split('#')[0]
  const onConsole = (message: ConsoleMessage) => {
    if (message.type() !== 'error' && !/Content Security Policy/i.test(message.text())) return
    const { url } = message.location()
    if (status >= 400 && bare(url) === bare(page.url()) && message.text().includes(`status of ${status}`)) return
    faults.add(`console: ${message.text()} (${url})`)
  }
  const onScriptError = (error: Error) => void faults.add(`script error: ${error.message}`)
  const onDialog = (dialog: Dialog) => {
    faults.add(`a dialog opened: ${dialog.message()}`)
    void dialog.dismiss()
  }
  const onRequest = (request: Request) => {
    const url = new URL(request.url())
    if (!['data:', 'blob:', 'about:'].includes(url.protocol) && url.origin !== origin)
      faults.add(`asked another origin: ${url.href}`)
  }
  const onFailure = (request: Request) => {
    const why = request.failure()?.errorText ?? ''
    // A check went on to another page before this one was there.
    if (request.isNavigationRequest() && why === 'net::ERR_ABORTED') return
    faults.add(`failed: ${request.url()} ${why}`)
  }
  const onResponse = (response: Response) => {
    const isMain = response.request().isNavigationRequest() && response.frame() === page.mainFrame()
    const answered = response.status()
    if (isMain ? answered !== status && (answered < 300 || answered >= 400) : answered >= 400)
      faults.add(`${response.url()} answered ${answered}`)
  }
  page.on('console', onConsole).on('pageerror', onScriptError).on('dialog', onDialog)
  page.on('request', onRequest).on('requestfailed', onFailure).on('response', onResponse)
  return {
    faults: () => [...faults],
    stop() {
      page.off('console', onConsole).off('pageerror', onScriptError).off('dialog', onDialog)
      page.off('request', onRequest).off('requestfailed', onFailure).off('response', onResponse)
    },
  }
}
