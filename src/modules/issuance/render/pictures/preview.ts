import { pngFile, type Raster, rasterizePage } from './raster.ts'

/** What link previews of social networks and messengers show whole: 1.91 to 1. */
export const PREVIEW = { width: 1200, height: 630 }

const MARGIN = 34
const GROUND = [232, 235, 240]
/** The page's shadow: how far it reaches, how far it lies below the page, how dark it is at the edge. */
const SHADOW = { reach: 22, drop: 6, depth: 0.2 }

function shadow(distance: number): number {
  return distance >= SHADOW.reach ? 0 : SHADOW.depth * (1 - distance / SHADOW.reach) ** 2
}

/** A picture for link sharing: the page of a PDF file, whole, in the middle of a quiet ground. A PNG file. */
export async function previewPicture(pdf: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const page = await rasterizePage(pdf, { width: PREVIEW.width - 2 * MARGIN, height: PREVIEW.height - 2 * MARGIN })
  const left = Math.floor((PREVIEW.width - page.width) / 2)
  const top = Math.floor((PREVIEW.height - page.height) / 2)
  const rgba = new Uint8Array(PREVIEW.width * PREVIEW.height * 4)
  for (let y = 0; y < PREVIEW.height; y++) {
    const below = Math.max(0, top + SHADOW.drop - y, y - (top + SHADOW.drop + page.height))
    for (let x = 0; x < PREVIEW.width; x++) {
      const beside = Math.max(0, left - x, x - (left + page.width))
      const light = 1 - shadow(Math.hypot(below, beside))
      const at = 4 * (y * PREVIEW.width + x)
      for (let part = 0; part < 3; part++) rgba[at + part] = Math.round(GROUND[part]! * light)
      rgba[at + 3] = 255
    }
  }
  return pngFile(pasted({ ...PREVIEW, rgba }, page, left, top))
}

function pasted(ground: Raster, picture: Raster, left: number, top: number): Raster {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.rgba.subarray(4 * y * picture.width, 4 * (y + 1) * picture.width)
    ground.rgba.set(row, 4 * ((top + y) * ground.width + left))
  }
  return ground
}
