import type { Design, DesignSchema } from './design.ts'

type Template = Design['template']

const otherSide = { left: 'right', right: 'left', center: 'center' } as const

/**
 * A template as words that run from right to left want it: every place and alignment on the other side. Drawings are
 * taken from `drawings` by name where they have a side themselves.
 */
export function mirrored({ basePdf, schemas }: Template, drawings: Readonly<Record<string, string>> = {}): Template {
  const flipped = schemas[0].map((schema): DesignSchema => {
    const position = { ...schema.position, x: basePdf.width - schema.position.x - schema.width }
    if (schema.type === 'text') return { ...schema, position, alignment: otherSide[schema.alignment ?? 'left'] }
    const content = drawings[schema.name]
    return content === undefined || schema.type === 'qrcode' || schema.type === 'image' ? { ...schema, position } : { ...schema, position, content }
  })
  return { basePdf, schemas: [flipped] }
}
