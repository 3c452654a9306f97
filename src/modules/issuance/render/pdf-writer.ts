import { constants, deflateSync } from 'node:zlib'

/** Streams below this many bytes stay as they are: compressing them costs more time than it saves room. */
const COMPRESS_FROM = 2_560

/** A PDF file in the making (ISO 32000-1, 7.5): bytes written so far, and where each object begins. */
export type PdfWriter = {
  parts: Buffer[]
  length: number
  offsets: Map<number, number>
  next: number
}

/** Starts a file, or goes on behind a prefix that was written before. */
export function startPdf(prefix?: { bytes: Buffer; offsets: ReadonlyMap<number, number>; next: number }): PdfWriter {
  const bytes = prefix?.bytes ?? Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')
  return { parts: [bytes], length: bytes.length, offsets: new Map(prefix?.offsets), next: prefix?.next ?? 1 }
}

function append(pdf: PdfWriter, bytes: Buffer): void {
  pdf.parts.push(bytes)
  pdf.length += bytes.length
}

/** Takes an object number before its object is written, for objects that refer to each other. */
export function reserve(pdf: PdfWriter): number {
  return pdf.next++
}

/** Writes an object; answers with its number. The body is ASCII or Latin-1. */
export function addObject(pdf: PdfWriter, body: string, number = reserve(pdf)): number {
  pdf.offsets.set(number, pdf.length)
  append(pdf, Buffer.from(`${number} 0 obj\n${body}\nendobj\n`, 'latin1'))
  return number
}

/** Writes a stream; `entries` are its dictionary's entries beside length and filter. */
export function addStream(pdf: PdfWriter, entries: string, bytes: Buffer, number = reserve(pdf)): number {
  if (bytes.length < COMPRESS_FROM) return addEncodedStream(pdf, entries, bytes, number)
  const body = deflateSync(bytes, { level: constants.Z_DEFAULT_COMPRESSION })
  return addEncodedStream(pdf, `${entries}/Filter/FlateDecode`, body, number)
}

/** Writes a stream as it is; where its bytes are encoded, `entries` name the filter. */
export function addEncodedStream(pdf: PdfWriter, entries: string, body: Buffer, number = reserve(pdf)): number {
  pdf.offsets.set(number, pdf.length)
  const head = `${number} 0 obj\n<<${entries}/Length ${body.length}>>stream\n`
  append(pdf, Buffer.from(head, 'latin1'))
  append(pdf, body)
  append(pdf, Buffer.from('\nendstream\nendobj\n', 'latin1'))
  return number
}

/** Ends the file with its cross-reference table. `id` is 32 hexadecimal digits. */
export function finishPdf(pdf: PdfWriter, root: number, info: number, id: string): Uint8Array<ArrayBuffer> {
  const start = pdf.length
  let table = `xref\n0 ${pdf.next}\n0000000000 65535 f \n`
  for (let number = 1; number < pdf.next; number++) {
    const offset = pdf.offsets.get(number)
    table += offset === undefined ? '0000000000 00001 f \n' : `${String(offset).padStart(10, '0')} 00000 n \n`
  }
  const trailer = `trailer\n<</Size ${pdf.next}/Root ${root} 0 R/Info ${info} 0 R/ID[<${id}><${id}>]>>\n`
  append(pdf, Buffer.from(`${table}${trailer}startxref\n${start}\n%%EOF\n`, 'latin1'))
  const file = new Uint8Array(pdf.length)
  let at = 0
  for (const part of pdf.parts) {
    file.set(part, at)
    at += part.length
  }
  return file
}

/** A number with at most three decimals, as content streams want it. */
export function num(value: number): string {
  const rounded = Math.round(value * 1000) / 1000
  return String(Object.is(rounded, -0) ? 0 : rounded)
}

const HEX = Array.from({ length: 65536 }, (_, value) => value.toString(16).padStart(4, '0'))

/** Four hexadecimal digits of a number below 65,536. */
export function hex4(value: number): string {
  return HEX[value]!
}

/** UTF-16BE code units of a text as hexadecimal digits. */
export function utf16Hex(text: string): string {
  let hex = ''
  for (let i = 0; i < text.length; i++) hex += HEX[text.charCodeAt(i)]!
  return hex
}

/** A text string object that holds any text (ISO 32000-1, 7.9.2.2). */
export function textString(text: string): string {
  return `<feff${utf16Hex(text)}>`
}
