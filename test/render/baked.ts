import { crc32, inflateSync } from 'node:zlib'

/** What stands in a PNG file, read by this file's own eyes. Throws where a chunk's check sum is wrong. */
export function pngChunks(png: Uint8Array): { type: string; data: Buffer }[] {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('This is no PNG file.')
  const chunks = []
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const body = bytes.subarray(at + 4, at + 8 + length)
    if (crc32(body) !== bytes.readUInt32BE(at + 8 + length)) throw new Error('A check sum is wrong.')
    chunks.push({ type: body.toString('latin1', 0, 4), data: body.subarray(4) })
    at += length + 12
  }
  return chunks
}

/** The credentials in the iTXt chunks of a PNG file (Open Badges 3.0, 5.3.1). */
export function pngCredentials(png: Uint8Array): string[] {
  return pngChunks(png).filter(({ type }) => type === 'iTXt').flatMap(({ data }) => {
    const [keyword, language, translated] = [data.indexOf(0), data.indexOf(0, data.indexOf(0) + 3), 0]
    if (data.toString('latin1', 0, keyword) !== 'openbadgecredential') return []
    const text = data.indexOf(translated, language + 1) + 1
    return [(data[keyword + 1] === 1 ? inflateSync(data.subarray(text)) : data.subarray(text)).toString('utf8')]
  })
}

/** Width and height of a PNG file in pixels. */
export function pngSize(png: Uint8Array): { width: number; height: number } {
  const { data } = pngChunks(png)[0]!
  return { width: data.readUInt32BE(0), height: data.readUInt32BE(4) }
}
