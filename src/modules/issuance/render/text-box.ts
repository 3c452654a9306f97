import type { Design } from './designs/design.ts'
import { type FontName, isFontName } from './fonts.ts'

/** A text of a design, in points with the origin at the lower left. */
export type TextBox = {
  name: string
  /** A fixed word (`words.…`), or a value of the credential. */
  fixed: boolean
  /** What a fixed text says that is no word of the design. */
  content?: string
  x: number
  y: number
  width: number
  height: number
  font: FontName
  size: number
  wrapBelow: number
  lineHeight: number
  letterSpacing: number
  align: 'left' | 'center' | 'right'
  vertical: 'top' | 'middle' | 'bottom'
  color: [red: number, green: number, blue: number]
  /** Structure type for assistive technology (ISO 32000-1, 14.8.4). */
  role: 'H1' | 'P'
}

/** A square for the QR code, in points with the origin at the lower left. */
export type SquareBox = { x: number; y: number; side: number; color: [number, number, number] }

const POINTS_PER_MM = 72 / 25.4

export function points(millimetres: number): number {
  return millimetres * POINTS_PER_MM
}

function color(hex: string): [number, number, number] {
  const [, red, green, blue] = /^#(..)(..)(..)$/.exec(hex) ?? ['', '00', '00', '00']
  return [red, green, blue].map((part) => Number.parseInt(part!, 16) / 255) as [number, number, number]
}

/** The page of a design, in points. */
export function pageSize(design: Design): { width: number; height: number } {
  const { width, height } = design.template.basePdf
  return { width: points(width), height: points(height) }
}

/** The texts of a design in reading order. Throws when the design names a font that is not built in. */
export function textBoxes(design: Design): TextBox[] {
  const page = pageSize(design)
  return design.template.schemas[0]!.flatMap((schema) => {
    if (schema.type !== 'text') return []
    if (!isFontName(schema.fontName)) throw new Error(`Design ${design.id}: no font ${schema.fontName}`)
    const height = points(schema.height)
    return [{
      name: schema.name,
      fixed: schema.readOnly === true,
      ...(schema.readOnly && !schema.name.startsWith('words.') && { content: schema.content ?? '' }),
      x: points(schema.position.x),
      y: page.height - points(schema.position.y) - height,
      width: points(schema.width),
      height,
      font: schema.fontName,
      size: schema.fontSize,
      wrapBelow: schema.dynamicFontSize?.min ?? schema.fontSize * 0.6,
      lineHeight: schema.lineHeight ?? 1.25,
      letterSpacing: schema.characterSpacing ?? 0,
      align: schema.alignment ?? 'left',
      vertical: schema.verticalAlignment ?? 'middle',
      color: color(schema.fontColor ?? '#000000'),
      role: schema.role ?? 'P',
    }]
  })
}

/** Where the design wants the QR code. */
export function qrBox(design: Design): SquareBox {
  const schema = design.template.schemas[0]!.find((candidate) => candidate.type === 'qrcode')
  if (!schema) throw new Error(`Design ${design.id} has no place for a QR code`)
  const side = points(Math.min(schema.width, schema.height))
  const page = pageSize(design)
  return {
    x: points(schema.position.x),
    y: page.height - points(schema.position.y) - side,
    side,
    color: color(schema.type === 'qrcode' ? (schema.barColor ?? '#000000') : '#000000'),
  }
}
