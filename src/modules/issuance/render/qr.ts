import { encode, QrCodeDataType } from 'uqr'
import { num } from './pdf-writer.ts'
import { maskPenalty } from './qr-penalty.ts'
import type { SquareBox } from './text-box.ts'

/** The eight data masks (ISO/IEC 18004, 7.8.2): whether the module in column x of row y is turned. */
const MASKS: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** The 15 bits that tell error correction M and the mask (ISO/IEC 18004, 7.9), the least significant first. */
function formatBits(mask: number): boolean[] {
  let remainder = mask
  for (let i = 0; i < 10; i++) remainder = (remainder << 1) ^ ((remainder >>> 9) * 0x537)
  const bits = ((mask << 10) | remainder) ^ 0x5412
  return Array.from({ length: 15 }, (_, i) => ((bits >>> i) & 1) === 1)
}

/** Writes the format bits into their two places. */
function writeFormat(modules: Uint8Array, size: number, mask: number): void {
  const set = (x: number, y: number, dark: boolean) => {
    modules[y * size + x] = dark ? 1 : 0
  }
  formatBits(mask).forEach((bit, i) => {
    if (i < 6) set(8, i, bit)
    else if (i < 8) set(8, i + 1, bit)
    else if (i === 8) set(7, 8, bit)
    else set(14 - i, 8, bit)
    if (i < 8) set(size - 1 - i, 8, bit)
    else set(8, size - 15 + i, bit)
  })
}

const differences = new Map<number, Uint8Array[]>()

/** For each mask the modules that it turns and mask 0 does not, or the other way round; the same for all of a size. */
function maskDifferences(size: number): Uint8Array[] {
  let found = differences.get(size)
  if (!found) {
    const differs = (mask: number, x: number, y: number) => (MASKS[mask]!(x, y) === MASKS[0]!(x, y) ? 0 : 1)
    found = MASKS.map((_, mask) =>
      Uint8Array.from({ length: size * size }, (_, at) => differs(mask, at % size, Math.floor(at / size))),
    )
    differences.set(size, found)
  }
  return found
}

/** A QR code without its quiet zone: rows one after the other, 1 is dark. */
export type QrCode = { size: number; modules: Uint8Array }

/** The code of a text under each of the eight masks, error correction M. */
export function qrCandidates(text: string): QrCode[] {
  const { size, data, types } = encode(text, { border: 0, ecc: 'M', maskPattern: 0 })
  const unmasked = new Uint8Array(size * size)
  const maskable = new Uint8Array(size * size)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      unmasked[y * size + x] = data[y]![x] ? 1 : 0
      maskable[y * size + x] = types[y]![x] === QrCodeDataType.Data ? 1 : 0
    }
  }
  return maskDifferences(size).map((differs, mask) => {
    const modules = new Uint8Array(size * size)
    for (let at = 0; at < modules.length; at++) modules[at] = unmasked[at]! ^ (maskable[at]! & differs[at]!)
    writeFormat(modules, size, mask)
    return { size, modules }
  })
}

/**
 * The QR code of a text (ISO/IEC 18004), error correction M, under the mask with the least penalty. The QR library
 * can choose the mask itself, but takes several times as long.
 */
export function qrCode(text: string): QrCode {
  const penalties = qrCandidates(text).map((code) => ({ code, penalty: maskPenalty(code.modules, code.size) }))
  return penalties.reduce((best, next) => (next.penalty < best.penalty ? next : best)).code
}

/** Draws a QR code as one path: each dark stretch of a row is a rectangle. The box is the code without quiet zone. */
export function qrOperators(text: string, box: SquareBox): string {
  const { size, modules } = qrCode(text)
  const unit = box.side / size
  const [red, green, blue] = box.color.map(num)
  let path = ''
  for (let y = 0; y < size; y++) {
    const row = y * size
    for (let x = 0; x < size; x++) {
      if (!modules[row + x]) continue
      const start = x
      while (x + 1 < size && modules[row + x + 1]) x++
      path += `${start} ${y} ${x + 1 - start} 1 re\n`
    }
  }
  const matrix = `${unit.toFixed(5)} 0 0 ${(-unit).toFixed(5)} ${num(box.x)} ${num(box.y + box.side)} cm`
  return `q ${red} ${green} ${blue} rg ${matrix}\n${path}f Q\n`
}
