import type { Design, DesignImage, TextSchema } from '../render/designs/design.ts'
import { certificateWords } from '../render/designs/words.ts'

/** A page that an organization designed, as it is kept: pdfme's template format, with a picture's id for its content. */
export type OwnTemplate = Design['template']

/** The ids of its pictures, each once. */
export const pictureIds = ({ schemas: [fields] }: OwnTemplate): string[] => [
  ...new Set(fields.flatMap((field) => (field.type === 'image' ? [field.image] : []))),
]

/** The page as pdfme's format has it, which may be changed and sent again. */
export const asPdfme = ({ basePdf, schemas: [fields] }: OwnTemplate): Record<string, unknown> => ({
  basePdf,
  schemas: [
    fields.map((field) => {
      if (field.type !== 'image') return field
      const { image, ...rest } = field
      return { ...rest, content: `image:${image}` }
    }),
  ],
})

/** Whatever the page looks like: a test credential says on paper that it is one. */
function testMark(width: number): TextSchema {
  return {
    type: 'text', name: 'test', position: { x: 0, y: 1.5 }, width, height: 5, alignment: 'center', verticalAlignment: 'middle',
    fontName: 'NotoSans-SemiBold', fontSize: 8.5, fontColor: '#a33b2a',
  }
}

/** The design to print. `key` stands for exactly this page. */
export function designOfTemplate(key: string, template: OwnTemplate, images: ReadonlyMap<string, DesignImage>): Design {
  const { basePdf, schemas: [fields] } = template
  const hasTestMark = fields.some(({ type, name }) => type === 'text' && name === 'test')
  return {
    id: key,
    version: 1,
    name: 'Own design',
    template: { basePdf, schemas: [hasTestMark ? fields : [...fields, testMark(basePdf.width)]] },
    words: certificateWords,
    fields: fields.flatMap(({ type, name }) => (type === 'text' || type === 'qrcode' ? [name] : [])),
    images,
  }
}
