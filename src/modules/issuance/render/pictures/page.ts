import { pngFile, rasterizePage } from './raster.ts'

/** The first page of a PDF file as a PNG file that is `width` pixels wide. */
export async function pagePicture(pdf: Uint8Array, width: number): Promise<Uint8Array<ArrayBuffer>> {
  return pngFile(await rasterizePage(pdf, { width, height: width * 12 }))
}
