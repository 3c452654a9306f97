import { PDFiumLibrary } from '@hyzyla/pdfium'
import { encode } from 'fast-png'
import { packageFile } from '#platform/assets.ts'

/** A picture in memory: eight bits each of red, green, blue and opacity per pixel, row by row from the upper left. */
export type Raster = { width: number; height: number; rgba: Uint8Array }

let library: Promise<PDFiumLibrary> | undefined

/** Loaded once per thread, when the first picture is asked for: 4 MB of WebAssembly. */
function pdfium(): Promise<PDFiumLibrary> {
  library ??= PDFiumLibrary.init({ wasmBinary: packageFile('@hyzyla/pdfium/dist/pdfium.wasm').buffer }).catch((error: unknown) => {
    library = undefined
    throw error
  })
  return library
}

/** Drawn at this multiple and averaged: PDFium smooths text for the stripes of a screen, which shows as colour here. */
const FINER = 2

/**
 * The first page of a PDF file as a picture that fits into `most` pixels, in the page's proportions. Where the page
 * draws nothing it is white, or with `transparent` nothing. PDFium draws it, on the calling thread: 10 to 60 ms.
 */
export async function rasterizePage(
  pdf: Uint8Array,
  most: { width: number; height: number },
  { transparent = false }: { transparent?: boolean } = {},
): Promise<Raster> {
  const document = await (await pdfium()).loadDocument(pdf)
  try {
    const page = document.getPage(0)
    const { originalWidth, originalHeight } = page.getOriginalSize()
    const scale = Math.min(most.width / originalWidth, most.height / originalHeight)
    const width = Math.max(1, Math.round(originalWidth * scale))
    const height = Math.max(1, Math.round(originalHeight * scale))
    const { data } = await page.render({
      width: width * FINER, height: height * FINER, scale: 1, render: 'bitmap', transparent,
    })
    return averaged({ width: width * FINER, height: height * FINER, rgba: data })
  } finally {
    document.destroy()
  }
}

/** Each square of pixels as one. Colours count by their opacity, so that edges do not darken. */
function averaged({ width: wide, height: high, rgba }: Raster): Raster {
  const width = wide / FINER
  const height = high / FINER
  const small = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [red, green, blue, opacity] = [0, 0, 0, 0]
      for (let part = 0; part < FINER * FINER; part++) {
        const at = 4 * ((y * FINER + Math.floor(part / FINER)) * wide + x * FINER + (part % FINER))
        const weight = rgba[at + 3]!
        red += rgba[at]! * weight
        green += rgba[at + 1]! * weight
        blue += rgba[at + 2]! * weight
        opacity += weight
      }
      const to = 4 * (y * width + x)
      if (opacity === 0) continue
      small[to] = Math.round(red / opacity)
      small[to + 1] = Math.round(green / opacity)
      small[to + 2] = Math.round(blue / opacity)
      small[to + 3] = Math.round(opacity / (FINER * FINER))
    }
  }
  return { width, height, rgba: small }
}

/** A PNG file (ISO/IEC 15948); without opacity where the whole picture is opaque. */
export function pngFile({ width, height, rgba }: Raster): Uint8Array<ArrayBuffer> {
  const opaque = rgba.every((value, at) => at % 4 !== 3 || value === 255)
  const data = opaque ? rgba.filter((_, at) => at % 4 !== 3) : rgba
  return encode({ width, height, data, channels: opaque ? 3 : 4, depth: 8 }, { zlib: { level: 9 } }) as Uint8Array<ArrayBuffer>
}
