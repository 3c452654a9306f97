import decodeJpeg, { init as startJpegDecoder } from '@jsquash/jpeg/decode.js'
import encodeJpeg, { init as startJpegEncoder } from '@jsquash/jpeg/encode.js'
import decodePng, { init as startPngDecoder } from '@jsquash/png/decode.js'
import encodePng, { init as startPngEncoder } from '@jsquash/png/encode.js'
import { packageFile } from '#platform/assets.ts'
import { type ImageHeader, imageHeader, ImageRefused } from './image-header.ts'

/** An image as it is kept and printed: pixels and nothing else. */
export interface CleanImage {
  readonly mediaType: 'image/png' | 'image/jpeg'
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

const JPEG_QUALITY = 90
const damaged = 'The image is damaged or cut off; save it anew and send the whole file.'

/** The codecs are WebAssembly: whatever a file makes of them stays inside their memory. */
const pngCodec = () => new WebAssembly.Module(packageFile('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'))
const jpegDecoder = () => new WebAssembly.Module(packageFile('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'))
const jpegEncoder = () => new WebAssembly.Module(packageFile('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'))

/** How a codec of Emscripten starts from its code; what it complains of goes where the caller wants it. */
const emscripten = (code: WebAssembly.Module, complain: (line: string) => void) => ({
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
    const instance = new WebAssembly.Instance(code, imports)
    done(instance)
    return instance.exports
  },
  print: () => {},
  printErr: complain,
})

async function pngPixels(bytes: Uint8Array<ArrayBuffer>) {
  await startPngDecoder(pngCodec())
  return await decodePng(bytes.buffer)
}

/** Turned as its orientation says, for that is lost with the metadata. Refuses what the decoder would make up for. */
async function jpegPixels(bytes: Uint8Array<ArrayBuffer>) {
  const complaints: string[] = []
  await startJpegDecoder(emscripten(jpegDecoder(), (line) => void complaints.push(line)))
  const pixels = await decodeJpeg(bytes.buffer, { preserveOrientation: true })
  if (complaints.length > 0) throw new ImageRefused(damaged)
  return pixels
}

async function decoded({ mediaType }: ImageHeader, bytes: Uint8Array<ArrayBuffer>) {
  try {
    return mediaType === 'image/png' ? await pngPixels(bytes) : await jpegPixels(bytes)
  } catch (error) {
    throw error instanceof ImageRefused ? error : new ImageRefused(damaged, { cause: error })
  }
}

/**
 * Decodes an image and encodes its pixels anew, so that nothing of the file remains but what is seen: no metadata, no
 * second format inside, nothing behind its end. Takes some seconds and 100 MB for the largest, so it runs in a thread
 * of its own. Throws `ImageRefused`.
 */
export async function reencode(file: Uint8Array): Promise<CleanImage> {
  const header = imageHeader(file)
  // A buffer of exactly these bytes: the decoders take it whole.
  const pixels = await decoded(header, new Uint8Array(file))
  const { width, height } = pixels
  if (width * height !== header.width * header.height) throw new ImageRefused(damaged)
  if (header.mediaType === 'image/png') {
    await startPngEncoder(pngCodec())
    return { mediaType: 'image/png', width, height, bytes: new Uint8Array(await encodePng(pixels)) }
  }
  await startJpegEncoder(emscripten(jpegEncoder(), () => {}))
  const bytes = new Uint8Array(await encodeJpeg(pixels, { quality: JPEG_QUALITY, progressive: false }))
  return { mediaType: 'image/jpeg', width, height, bytes }
}
