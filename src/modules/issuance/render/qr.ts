import { encode } from 'uqr'
import { num } from './pdf-writer.ts'
import type { SquareBox } from './text-box.ts'

/** The modules of a QR code (ISO/IEC 18004), error correction M, without its quiet zone. */
export function qrModules(text: string): boolean[][] {
  return encode(text, { border: 0, ecc: 'M' }).data
}

/** Draws a QR code as one path: each dark stretch of a row is a rectangle. The box is the code without quiet zone. */
export function qrOperators(text: string, box: SquareBox): string {
  const modules = qrModules(text)
  const unit = box.side / modules.length
  const [red, green, blue] = box.color.map(num)
  let path = ''
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      const start = x
      while (x + 1 < row.length && row[x + 1]) x++
      path += `${start} ${y} ${x + 1 - start} 1 re\n`
    }
  })
  const matrix = `${unit.toFixed(5)} 0 0 ${(-unit).toFixed(5)} ${num(box.x)} ${num(box.y + box.side)} cm`
  return `q ${red} ${green} ${blue} rg ${matrix}\n${path}f Q\n`
}
