import { PDFDocument } from '@pdfme/pdf-lib'
import { placeText } from '../place.ts'
import { canonicalLocale, printable } from '../input.ts'
import type { TextBox } from '../text-box.ts'
import { bakePng, bakeSvg } from './bake.ts'
import { type Emblem, emblemDrawing, emblemOf, EMBLEM_SIZE } from './emblem.ts'
import { outlinedText } from './outlines.ts'
import { pngFile, rasterizePage } from './raster.ts'

export type BadgeInput = {
  /** Id of the design whose colours and shape the picture takes; an unknown one has those of `badge-modern`. */
  design: string
  achievementName: string
  issuerName: string
  /** BCP 47 tag: the language of shared Han characters. */
  locale: string
  /** Says on the picture that this is a test. */
  test: boolean
  /** The signed credential, baked in byte for byte. */
  credentialJson: string
}

const PIXELS = 640

function badgeTexts({ achievementName, issuerName, test }: BadgeInput, emblem: Emblem): [text: string, box: TextBox][] {
  const common = { fixed: true, lineHeight: 1.22, letterSpacing: 0, align: 'center', vertical: 'middle', role: 'P' } as const
  const title: TextBox = {
    ...common, name: 'achievementName', ...emblem.title, font: 'NotoSans-Bold', size: 46, wrapBelow: 40, color: emblem.ink,
  }
  const issuer: TextBox = {
    ...common, name: 'issuerName', ...emblem.issuer, font: 'NotoSans-SemiBold', size: 24, wrapBelow: 15,
    lineHeight: 1.15, color: emblem.ribbonInk,
  }
  const mark: TextBox = {
    ...common, name: 'test', ...emblem.mark, font: 'NotoSans-Bold', size: 19, wrapBelow: 8, letterSpacing: 4, color: emblem.ink,
  }
  return [[printable(achievementName), title], [printable(issuerName), issuer], ...(test ? [['TEST', mark] as [string, TextBox]] : [])]
}

async function drawnBadge(input: BadgeInput): Promise<string> {
  const emblem = emblemOf(input.design)
  const locale = canonicalLocale(input.locale)
  let texts = ''
  for (const [text, box] of badgeTexts(input, emblem)) texts += outlinedText(await placeText(text, box, locale), EMBLEM_SIZE)
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${EMBLEM_SIZE} ${EMBLEM_SIZE}" ` +
    `width="${EMBLEM_SIZE}" height="${EMBLEM_SIZE}">${emblemDrawing(emblem)}${texts}</svg>`
  )
}

function named(svg: string, { achievementName, issuerName }: BadgeInput): string {
  const escaped = printable(`${achievementName} · ${issuerName}`).replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return svg.replace('>', ` role="img" aria-label="${escaped}">`)
}

/** The picture of an achievement with its credential baked in, as an SVG document: no fonts, no scripts, no links. */
export async function badgeSvg(input: BadgeInput): Promise<Uint8Array<ArrayBuffer>> {
  return new TextEncoder().encode(bakeSvg(named(await drawnBadge(input), input), input.credentialJson))
}

/** The same picture as a PNG file with a transparent ground. */
export async function badgePng(input: BadgeInput): Promise<Uint8Array<ArrayBuffer>> {
  const document = await PDFDocument.create({ updateMetadata: false })
  const page = document.addPage([EMBLEM_SIZE, EMBLEM_SIZE])
  await page.drawSvg(await drawnBadge(input), { x: 0, y: EMBLEM_SIZE, width: EMBLEM_SIZE, height: EMBLEM_SIZE })
  const raster = await rasterizePage(await document.save(), { width: PIXELS, height: PIXELS }, { transparent: true })
  return bakePng(pngFile(raster), input.credentialJson)
}
