import decodePng, { init as startPngDecoder } from '@jsquash/png/decode.js'
import { packageFile } from '#platform/assets.ts'
import type { Design, DesignImage } from './designs/design.ts'
import { addEncodedStream, addStream, type PdfWriter } from './pdf-writer.ts'

/** A picture of a drawing by the name under which the content shows it. */
export type NamedImage = { name: string; image: string }

function head({ width, height }: DesignImage, colors: 'DeviceRGB' | 'DeviceGray'): string {
  return `/Type/XObject/Subtype/Image/Width ${width}/Height ${height}/ColorSpace/${colors}/BitsPerComponent 8`
}

/** Colours and transparency apart, as a PDF file keeps them (ISO 32000-1, 11.6.5.3). */
async function writePng(pdf: PdfWriter, image: DesignImage): Promise<number> {
  await startPngDecoder(new WebAssembly.Module(packageFile('@jsquash/png/codec/pkg/squoosh_png_bg.wasm')))
  const { data } = await decodePng(new Uint8Array(image.bytes).buffer)
  const pixels = image.width * image.height
  const colors = Buffer.allocUnsafe(pixels * 3)
  const alpha = Buffer.allocUnsafe(pixels)
  let opaque = true
  for (let at = 0; at < pixels; at++) {
    colors[at * 3] = data[at * 4]!
    colors[at * 3 + 1] = data[at * 4 + 1]!
    colors[at * 3 + 2] = data[at * 4 + 2]!
    alpha[at] = data[at * 4 + 3]!
    if (alpha[at] !== 255) opaque = false
  }
  const mask = opaque ? '' : `/SMask ${addStream(pdf, head(image, 'DeviceGray'), alpha)} 0 R`
  return addStream(pdf, head(image, 'DeviceRGB') + mask, colors)
}

/** Writes the pictures that a drawing shows, each once; answers with the entry of the page's resources. */
export async function writeImages(pdf: PdfWriter, design: Design, shown: readonly NamedImage[]): Promise<string> {
  let entries = ''
  for (const { name, image: id } of shown) {
    const image = design.images?.get(id)
    if (!image) throw new Error(`Design ${design.id} lacks a picture`)
    const number = image.mediaType === 'image/png' ? await writePng(pdf, image)
      // As it is: a PDF file holds whole JPEG files.
      : addEncodedStream(pdf, `${head(image, 'DeviceRGB')}/Filter/DCTDecode`, Buffer.from(image.bytes))
    entries += `/${name} ${number} 0 R`
  }
  return entries === '' ? '' : `/XObject<<${entries}>>`
}
