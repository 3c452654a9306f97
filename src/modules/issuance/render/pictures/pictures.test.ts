import { decode } from 'fast-png'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../../../../../test/browser/browser.ts'
import { pngChunks, pngCredentials, pngSize } from '../../../../../test/render/baked.ts'
import { DESIGNS, sampleInput } from '../../../../../test/render/sample.ts'
import { renderCertificate } from '../render.ts'
import { type BadgeInput, badgePng, badgeSvg } from './badge-picture.ts'
import { PREVIEW, previewPicture } from './preview.ts'

const LONGEST = 'Pneumonoultramicroscopicsilicovolcanoconiosis for Beginners and Those Who Have Long Forgotten It'

/** Text that has to survive every kind of quoting. */
const credentialJson = JSON.stringify({ name: 'Zoë 王 <b>&amp;]]></b> \u0001 "\\"', more: ']]>'.repeat(3) })

const badge = (change: Partial<BadgeInput> = {}): BadgeInput => ({
  design: 'badge-modern', achievementName: 'Distributed Systems', issuerName: 'Northwind Institute', locale: 'en',
  test: false, credentialJson, ...change,
})

describe('a badge', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  }, 60_000)
  afterAll(() => browser.close())

  test.each(DESIGNS)('of %s as PNG carries its credential in one text chunk that is not compressed', async (design) => {
    const png = await badgePng(badge({ design }))
    expect(pngCredentials(png)).toEqual([credentialJson])
    const chunk = pngChunks(png).find(({ type }) => type === 'iTXt')!
    expect(chunk.data.subarray(0, 24)).toEqual(Buffer.from('openbadgecredential\0\0\0\0\0'))
    expect(pngChunks(png).map(({ type }) => type).filter((type) => type !== 'IDAT')).toEqual(['IHDR', 'iTXt', 'IEND'])
    expect(pngSize(png)).toEqual({ width: 640, height: 640 })
  })

  test.each(DESIGNS)('of %s as SVG carries its credential where a browser finds it', async (design) => {
    const svg = new TextDecoder().decode(await badgeSvg(badge({ design, achievementName: 'Tom & <Jerry> "x"' })))
    const page = await browser.newPage()
    const found = await page.evaluate((text) => {
      const { documentElement: root } = new DOMParser().parseFromString(text, 'image/svg+xml')
      return {
        root: root.nodeName,
        label: root.getAttribute('aria-label'),
        first: root.firstElementChild?.nodeName,
        texts: Array.from(
          root.getElementsByTagNameNS('https://purl.imsglobal.org/ob/v3p0', 'credential'), (element) => element.textContent),
        fonts: root.querySelectorAll('text, style, script, image').length,
      }
    }, svg)
    expect(found).toEqual({
      root: 'svg', label: 'Tom & <Jerry> "x" · Northwind Institute', first: 'openbadges:credential', texts: [credentialJson], fonts: 0,
    })
    await page.close()
  })

  test('looks the same as PNG and as SVG', async () => {
    for (const design of DESIGNS) {
      for (const achievementName of ['Distributed Systems', LONGEST, 'مقدمة في أمن المعلومات', '机器学习入门与实践']) {
        const png = decode(await badgePng(badge({ design, achievementName })))
        const page = await browser.newPage({ viewport: { width: 640, height: 640 } })
        const svg = Buffer.from(await badgeSvg(badge({ design, achievementName }))).toString('base64')
        await page.setContent(`<body style="margin:0"><img width=640 height=640 src="data:image/svg+xml;base64,${svg}">`)
        const shown = decode(await page.screenshot())
        expect(shown.width * shown.height).toBe(640 * 640)
        let different = 0
        for (let pixel = 0; pixel < 640 * 640; pixel++) {
          const opacity = png.data[pixel * 4 + 3]! / 255
          const onWhite = png.data[pixel * 4]! * opacity + 255 * (1 - opacity)
          if (Math.abs(onWhite - shown.data[pixel * shown.channels]!) > 64) different++
        }
        expect(different / (640 * 640)).toBeLessThan(0.01)
        await page.close()
      }
    }
  })

  test('says that it is a test, if it is', async () => {
    const [plain, marked] = await Promise.all([badgeSvg(badge()), badgeSvg(badge({ test: true }))])
    expect(marked.length).toBeGreaterThan(plain.length)
  })

  test('of a design that is not built in is drawn all the same', async () => {
    expect(await badgeSvg(badge({ design: 'toString' }))).toEqual(await badgeSvg(badge()))
  })
})

test.each(DESIGNS)('the preview of %s shows the whole page in the middle', { timeout: 60_000 }, async (design) => {
  const png = decode(await previewPicture(await renderCertificate(sampleInput({ design }))))
  expect([png.width, png.height, png.channels]).toEqual([PREVIEW.width, PREVIEW.height, 3])
  const at = (x: number, y: number) => [...png.data.subarray(3 * (y * png.width + x), 3 * (y * png.width + x) + 3)]
  // The ground is the same all around, and the page's middle is not ground.
  const ground = at(2, 2)
  for (const [x, y] of [[1197, 2], [2, 627], [1197, 627], [100, 315], [1100, 315]]) expect(at(x!, y!)).toEqual(ground)
  expect(at(600, 330)).not.toEqual(ground)
})
