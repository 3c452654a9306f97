import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What is wrong with a page as it stands on the screen; empty when nothing is. */
export type Faults = string[]

/** The page declares the language and runs in its direction. */
export const directionFaults = (page: Page, language: 'en' | 'ar'): Promise<Faults> =>
  page.evaluate((language) => {
    const direction = language === 'ar' ? 'rtl' : 'ltr'
    const root = document.documentElement
    const actual = getComputedStyle(document.querySelector('main, table') ?? document.body).direction
    return [
      ...(root.lang === language ? [] : [`lang is "${root.lang}", not "${language}"`]),
      ...(root.dir === direction ? [] : [`dir is "${root.dir}", not "${direction}"`]),
      ...(actual === direction ? [] : [`the content runs ${actual}`]),
    ]
  }, language)

/** No horizontal scroll bar, in either direction. */
export const sidewaysFaults = (page: Page): Promise<Faults> =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.scrollingElement ?? document.documentElement
    return scrollWidth > clientWidth ? [`scrolls sideways: ${scrollWidth} px of content in ${clientWidth} px`] : []
  })

/** Every line of text that is there to be read lies within the window and each box that cuts off what leaves it. */
export const clippedFaults = (page: Page): Promise<Faults> =>
  page.evaluate(() => {
    const faults = new Set<string>()
    const width = document.documentElement.clientWidth
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement!
      const text = node.nodeValue!.trim()
      if (text === '' || !parent.checkVisibility({ checkVisibilityCSS: true })) continue
      const cutting: { box: DOMRect, x: boolean, y: boolean }[] = []
      for (let element: Element | null = parent; element && element !== document.body; element = element.parentElement) {
        const { overflowX, overflowY, display, webkitLineClamp } = getComputedStyle(element)
        if (webkitLineClamp !== 'none') faults.add(`lines are left out: ${text.slice(0, 60)}`)
        if (display === 'inline') continue
        const [x, y] = [overflowX !== 'visible', overflowY !== 'visible']
        if (x || y) cutting.push({ box: element.getBoundingClientRect(), x, y })
      }
      const range = document.createRange()
      range.selectNodeContents(node)
      for (const line of range.getClientRects()) {
        if (line.width === 0) continue
        const outside = line.left < -1 || line.right > width + 1
        const cut = cutting.some(({ box, x, y }) =>
          (x && (line.left < box.left - 1 || line.right > box.right + 1)) ||
          (y && (line.top < box.top - 4 || line.bottom > box.bottom + 4)))
        if (outside || cut) faults.add(`cut off: ${text.slice(0, 60)}`)
      }
    }
    return [...faults]
  })

/** What somebody typed stands there once at least, whole and visible, and no part of it has become markup. */
export const inertFaults = (page: Page, typed: string): Promise<Faults> =>
  page.evaluate((typed) => {
    const whole = [...document.body.querySelectorAll('*')]
      .filter((element) => element.textContent === typed && element.checkVisibility({ checkVisibilityCSS: true }))
    // The page's own picture stands at an address of its own.
    const never = 'img:not([src^="/v/"][src$="/badge.svg"]), script, iframe, object, embed, [onerror], [onload], [onclick]'
    const markup = [...document.body.querySelectorAll(never)]
    return [
      ...(whole.length > 0 ? [] : [`is not shown whole: ${typed}`]),
      ...markup.map((element) => `is markup: ${element.outerHTML.slice(0, 80)}`),
    ]
  }, typed)

/** Whatever the Tab key reaches shows that it is reached; it reaches each link and button once, in their order. */
export async function focusFaults(page: Page): Promise<Faults> {
  const wanted = await page.evaluate(() => {
    // From the beginning, also where something was clicked before.
    document.body.tabIndex = -1
    document.body.focus()
    document.body.removeAttribute('tabindex')
    getSelection()?.removeAllRanges()
    return [...document.querySelectorAll('a[href], button, summary, input, select')].filter((element) => element.checkVisibility()).length
  })
  const faults: Faults = []
  for (let i = 0; i < wanted; i++) {
    await page.keyboard.press('Tab')
    const fault = await page.evaluate((i) => {
      const element = document.activeElement
      const all = [...document.querySelectorAll('a[href], button, summary, input, select')].filter((element) => element.checkVisibility())
      if (element !== all[i]) return `Tab ${i + 1} leads to ${element?.outerHTML.slice(0, 60)}, not to ${all[i]?.outerHTML.slice(0, 60)}`
      const { outlineStyle, outlineWidth } = getComputedStyle(element!)
      return outlineStyle === 'none' || parseFloat(outlineWidth) < 2 ? `nothing shows the focus of ${element!.outerHTML.slice(0, 60)}` : undefined
    }, i)
    if (fault !== undefined) return [...faults, fault]
  }
  return faults
}

/** Serious and critical findings of axe-core: contrast, names and labels, structure, language. */
export async function accessibilityFaults(page: Page): Promise<Faults> {
  // By the debugger, which no content security policy forbids.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }))
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join('; ')})`)
}
