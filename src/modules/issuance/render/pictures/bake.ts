import { crc32 } from 'node:zlib'

/** Open Badges 3.0, 5.3: a badge image that carries its credential. */

const KEYWORD = 'openbadgecredential'
const NAMESPACE = 'https://purl.imsglobal.org/ob/v3p0'

/** Bytes of the signature and of the header chunk, which stand first in every PNG file. */
const AFTER_HEADER = 8 + 25

/**
 * Bakes a credential into a PNG file: one iTXt chunk, not compressed, without language, behind the header
 * (ISO/IEC 15948, 11.3.3.4).
 */
export function bakePng(png: Uint8Array, credential: string): Uint8Array<ArrayBuffer> {
  const data = Buffer.concat([Buffer.from(`iTXt${KEYWORD}\0\0\0\0\0`, 'latin1'), Buffer.from(credential, 'utf8')])
  const chunk = Buffer.alloc(data.length + 8)
  chunk.writeUInt32BE(data.length - 4, 0)
  data.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(data), data.length + 4)
  const baked = new Uint8Array(png.length + chunk.length)
  baked.set(png.subarray(0, AFTER_HEADER))
  baked.set(chunk, AFTER_HEADER)
  baked.set(png.subarray(AFTER_HEADER), AFTER_HEADER + chunk.length)
  return baked
}

/**
 * Bakes a credential into an SVG document, as character data directly below the root. Text that XML cannot carry
 * (U+FFFE, U+FFFF) never gets into a credential.
 */
export function bakeSvg(svg: string, credential: string): string {
  const end = svg.indexOf('>', svg.indexOf('<svg'))
  const text = credential.replaceAll(']]>', ']]]]><![CDATA[>')
  return (
    `${svg.slice(0, end)} xmlns:openbadges="${NAMESPACE}">` +
    `<openbadges:credential><![CDATA[${text}]]></openbadges:credential>${svg.slice(end + 1)}`
  )
}
