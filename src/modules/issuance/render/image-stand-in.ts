import type { Design } from './designs/design.ts'

/**
 * A JPEG file without a picture: a frame header with its size, and its id as a comment (ITU-T T.81, B.2). pdfme reads no
 * more of a picture than this to place it, and is spared decoding what it would only hand on.
 */
export function standIn(id: string, design: Design): string {
  const image = design.images?.get(id)
  if (!image) throw new Error(`Design ${design.id} lacks a picture`)
  const comment = Buffer.from(id, 'latin1')
  const frame = Buffer.from([0xff, 0xc0, 0, 17, 8, 0, 0, 0, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
  frame.writeUInt16BE(image.height, 5)
  frame.writeUInt16BE(image.width, 7)
  const start = Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, comment.length + 2])
  const file = Buffer.concat([start, comment, frame, Buffer.from([0xff, 0xd9])])
  return `data:image/jpeg;base64,${file.toString('base64')}`
}

/** The id in a stand-in. */
export function standsFor(file: Uint8Array): string {
  return Buffer.from(file.subarray(6, 4 + file[5]!)).toString('latin1')
}
