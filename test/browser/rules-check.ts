import type { Browser } from 'playwright-core'
import { newVisitor, watch } from './browser.ts'
import type { Checks } from './checks.ts'
import { accessibilityFaults, clippedFaults, directionFaults, focusFaults, inertFaults, sidewaysFaults } from './page-rules.ts'

const sound = (body: string, root = 'lang="en" dir="ltr"') =>
  `<!doctype html><html ${root}><head><title>Page</title></head><body><main><h1>Page</h1>${body}</main></body></html>`

/** Each rule finds the fault that it is there for, and nothing on a page that has none. */
export async function checkRules(checks: Checks, browser: Browser): Promise<void> {
  const context = await newVisitor(browser, { width: 390 })
  const page = await context.newPage()
  const name = '<b>Ada</b>'
  const inert = '<p>&lt;b&gt;Ada&lt;/b&gt;</p>'
  const cutting = 'width:40px;overflow:hidden'
  const rules = {
    direction: () => directionFaults(page, 'en'),
    sideways: () => sidewaysFaults(page),
    clipped: () => clippedFaults(page),
    inert: () => inertFaults(page, name),
    focus: () => focusFaults(page),
    accessibility: () => accessibilityFaults(page),
  }
  const faulty: [keyof typeof rules, string, string][] = [
    ['direction', 'no direction', sound(inert, 'lang="en"')],
    ['direction', 'another direction', sound(inert, 'lang="en" dir="rtl"')],
    ['direction', 'no language', sound(inert, 'dir="ltr"')],
    ['sideways', 'a wide box', sound(`${inert}<div style="width:500px">wide</div>`)],
    ['clipped', 'a line that a box cuts off', sound(`${inert}<div style="${cutting};white-space:nowrap">A long line</div>`)],
    ['clipped', 'a text below the edge of its box', sound(`${inert}<div style="${cutting};height:20px">A<br>B<br>C</div>`)],
    ['clipped', 'a text left of the window', sound(`${inert}<p style="position:relative;left:-200px">Gone</p>`)],
    ['inert', 'a name that became markup', sound('<p><b>Ada</b></p>')],
    ['inert', 'a name that is not shown', sound(`<p hidden>&lt;b&gt;Ada&lt;/b&gt;</p>`)],
    ['inert', 'an image', sound(`${inert}<img src="data:," alt="">`)],
    ['focus', 'a link that hides it', sound(`${inert}<a href="#" style="outline:0">here</a>`)],
    ['focus', 'a link that it jumps over', sound(`${inert}<a href="#" tabindex="-1" style="outline:3px solid">a</a>`)],
    ['accessibility', 'pale letters', sound(`${inert}<p style="color:#bbb">pale</p>`)],
    ['accessibility', 'a field without a label', sound(`${inert}<input>`)],
  ]
  for (const [rule, what, html] of faulty) {
    await page.setContent(html)
    await checks.check(`rules: ${rule} finds ${what}`, async () =>
      (await rules[rule]()).length > 0 ? [] : ['it does not'])
  }
  await page.setContent(sound(`${inert}<style>a:focus { outline: 3px solid }</style><a href="#">here</a>`))
  for (const [rule, find] of Object.entries(rules)) await checks.check(`rules: ${rule} lets a sound page pass`, find)
  await context.close()
  await checkWatch(checks, browser)
}

/** The watch sees what a page tries. */
async function checkWatch(checks: Checks, browser: Browser): Promise<void> {
  const origin = 'https://watched.test'
  const policy = "default-src 'self'; script-src 'self' 'nonce-n'; img-src *"
  const tries: [string, string, RegExp][] = [
    ['a foreign image', '<img src="https://elsewhere.test/pixel.png" alt="">', /another origin/],
    ['a script that the policy refuses', '<script>document.title = 1</script>', /Content Security Policy/],
    ['a dialog', '<script nonce="n">alert(1)</script>', /dialog/],
    ['a script error', '<script nonce="n">nothing()</script>', /script error/],
    ['a part that is missing', '<link rel="stylesheet" href="/missing.css">', /answered 404/],
  ]
  for (const [what, body, fault] of [...tries, ['nothing', '<p>sound</p>', /^$/] as const]) {
    const context = await newVisitor(browser, { width: 390 })
    const page = await context.newPage()
    await page.route('**/*', (route) => route.request().url() === `${origin}/`
      ? route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': policy }, body: sound(body) })
      : route.fulfill({ status: 404, body: '' }))
    const seen = watch(page, origin)
    await page.goto(`${origin}/`)
    await checks.check(`rules: the watch sees ${what}`, () => {
      const faults = seen.faults()
      if (what === 'nothing') return faults
      return faults.some((one) => fault.test(one)) ? [] : [`it saw ${faults.join(', ') || 'nothing'}`]
    })
    await context.close()
  }
}
