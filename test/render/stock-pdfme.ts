import { generate } from '@pdfme/generator'
import { barcodes, ellipse, image, line, rectangle, svg, text } from '@pdfme/schemas'
import type { Design } from '../../src/modules/issuance/render/designs/design.ts'
import { type FontName, fontFile } from '../../src/modules/issuance/render/fonts.ts'

type Generated = Parameters<typeof generate>[0]

const files = new Map<FontName, Promise<Uint8Array>>()

/** Fonts as pdfme takes them; the first is the one for texts that name none. */
export async function pdfmeFonts(names: readonly FontName[]): Promise<NonNullable<NonNullable<Generated['options']>['font']>> {
  const entries = names.map(async (name, index) => {
    if (!files.has(name)) files.set(name, fontFile(name))
    return [name, { data: new Uint8Array(await files.get(name)!), fallback: index === 0, subset: true }] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

function pictureUrl({ images }: Design, id: string): string {
  const { mediaType, bytes } = images!.get(id)!
  return `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`
}

/**
 * A page as pdfme makes it alone: the design with these texts by name of their field, and the QR code of `verifyUrl`.
 * Fields without a text are left out.
 */
export async function stockPage(design: Design, texts: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const schemas = design.template.schemas[0]!.flatMap((schema): object[] => {
    if (schema.type === 'qrcode') return [{ ...schema, name: 'qr', content: texts.verifyUrl, readOnly: true }]
    if (schema.type === 'image') return [{ ...schema, content: pictureUrl(design, schema.image) }]
    if (schema.type !== 'text') return [schema]
    const content = texts[schema.name]
    return content === undefined ? [] : [{ ...schema, content, readOnly: true }]
  })
  const fonts = design.template.schemas[0]!.flatMap((schema) => schema.type === 'text' ? [schema.fontName as FontName] : [])
  return await generate({
    template: { basePdf: design.template.basePdf, schemas: [schemas] } as Generated['template'],
    inputs: [{}],
    plugins: { text, svg, line, rectangle, ellipse, image, qrcode: barcodes.qrcode },
    options: { font: await pdfmeFonts([...new Set(fonts)]) },
  })
}
