/** What a file says of itself before anything decodes it. */
export interface ImageHeader {
  readonly mediaType: 'image/png' | 'image/jpeg'
  readonly width: number
  readonly height: number
}

/** The file is refused; the message is a sentence that says what to do, and holds nothing of the file. */
export class ImageRefused extends Error {
  override name = 'ImageRefused'
}

export const IMAGE_LIMITS = { bytes: 5 * 1024 * 1024, pixels: 10_000_000, side: 20_000 } as const

const other = 'Send a PNG or a JPEG file; what a file is, is told by its content, not by its name.'
const damaged = 'The image is damaged or cut off; save it anew and send the whole file.'

/** Big-endian, as both formats write numbers; a file that ends too early is damaged. */
function reader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const within = (at: number, length: number) => {
    if (at + length > bytes.length) throw new ImageRefused(damaged)
  }
  return {
    uint8: (at: number) => (within(at, 1), view.getUint8(at)),
    uint16: (at: number) => (within(at, 2), view.getUint16(at)),
    uint32: (at: number) => (within(at, 4), view.getUint32(at)),
  }
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const startsWith = (bytes: Uint8Array, start: readonly number[]) => start.every((byte, at) => bytes[at] === byte)

/** The IHDR chunk comes first (PNG specification, third edition, 5.6). */
function pngHeader(bytes: Uint8Array): ImageHeader {
  const { uint32 } = reader(bytes)
  if (uint32(8) !== 13 || uint32(12) !== 0x49484452) throw new ImageRefused(damaged)
  return { mediaType: 'image/png', width: uint32(16), height: uint32(20) }
}

/** Walks the segments to the frame header (ITU-T T.81, B.2.2). */
function jpegHeader(bytes: Uint8Array): ImageHeader {
  const { uint8, uint16 } = reader(bytes)
  for (let at = 2; ; ) {
    if (uint8(at) !== 0xff) throw new ImageRefused(damaged)
    const marker = uint8(at + 1)
    if (marker === 0xff) {
      at += 1
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame && marker > 0xc2) throw new ImageRefused('Save the JPEG as an ordinary one, baseline or progressive.')
    if (isFrame) {
      const components = uint8(at + 9)
      if (components !== 1 && components !== 3) throw new ImageRefused('Save the JPEG in RGB; CMYK cannot be shown everywhere.')
      return { mediaType: 'image/jpeg', height: uint16(at + 5), width: uint16(at + 7) }
    }
    // Image data or the end before a frame header.
    if (marker === 0xda || marker === 0xd9 || marker < 0xc0) throw new ImageRefused(damaged)
    at += 2 + Math.max(2, uint16(at + 2))
  }
}

/**
 * Type and size, read from the first bytes alone, and held to the limits: 5 MB, 10 megapixels. Throws `ImageRefused`.
 */
export function imageHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length > IMAGE_LIMITS.bytes) throw new ImageRefused(`Send an image of at most ${IMAGE_LIMITS.bytes / 1024 / 1024} MB.`)
  const header =
    startsWith(bytes, pngSignature) ? pngHeader(bytes)
    : startsWith(bytes, [0xff, 0xd8, 0xff]) ? jpegHeader(bytes)
    : undefined
  if (!header) throw new ImageRefused(other)
  const { width, height } = header
  if (width === 0 || height === 0) throw new ImageRefused(damaged)
  if (width * height > IMAGE_LIMITS.pixels || Math.max(width, height) > IMAGE_LIMITS.side)
    throw new ImageRefused('Send an image of at most 10 megapixels: scale it down first.')
  return header
}
