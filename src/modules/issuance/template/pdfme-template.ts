import { z } from 'zod'
import type { DesignSchema, TextSchema } from '../render/designs/design.ts'
import { certificateWords } from '../render/designs/words.ts'
import { fontNames } from '../render/fonts.ts'
import { printable } from '../render/input.ts'
import type { OwnTemplate } from './own-template.ts'

/**
 * The part of pdfme's template format (https://pdfme.com, version 6) that is printed here, and what becomes of it. What
 * cannot matter is dropped; what would be printed and cannot be is refused.
 */

/** The values of a credential that a text may show, by its name. */
export const valueNames = [
  'recipientName', 'achievementName', 'issuerName', 'statement', 'date', 'dateLabel', 'issuedLine', 'verifyUrl', 'test',
] as const

const DEFAULT_FONT = 'NotoSans-Regular'
const MOST_SCHEMAS = 100
const SMALLEST_QR_MM = 15
/** Designers round: a tenth of a millimetre over the edge is none. */
const TOLERANCE_MM = 0.1

const wordNames = Object.keys(certificateWords.en) as (keyof typeof certificateWords.en)[]
const types = 'text, image, line, rectangle, ellipse and qrcode'

const length = z.number('Give a number.').min(0, 'Give a length of 0 or more, in millimetres.').max(500, 'Give at most 500 millimetres.')
const size = length.positive('Give a length above 0, in millimetres.')
const color = z.string().regex(/^#[0-9a-f]{6}$/i, 'Give a colour as #rrggbb.')
const colorOrNone = z.union([z.literal('').transform(() => undefined), color], 'Give a colour as #rrggbb, or nothing.').nullish()
const none = (rule: string) => z.literal([0, false, '', undefined, null], rule).optional()
const noBox = (rule: string) =>
  z.union([z.literal(0), z.object({ top: z.literal(0), right: z.literal(0), bottom: z.literal(0), left: z.literal(0) })], rule).nullish()

const place = {
  name: z.string('Give the field a name.').min(1, 'Give the field a name.').max(100, 'Shorten the name to 100 characters.'),
  position: z.object({ x: length, y: length }),
  width: size,
  height: size,
}
const turned = {
  rotate: z.number().min(-360).max(360).nullish(),
  opacity: z.number().min(0, 'Give an opacity from 0 to 1.').max(1, 'Give an opacity from 0 to 1.').nullish(),
}
const straight = {
  rotate: none('Set rotate to 0: here only drawings and pictures are turned.'),
  opacity: z.literal([1, undefined, null], 'Set opacity to 1: here only drawings and pictures are translucent.').optional(),
}

const Text = z.object({
  type: z.literal('text'),
  ...place,
  ...straight,
  content: z.string().max(2_000, 'Shorten the text to 2,000 characters.').nullish(),
  readOnly: z.boolean().nullish(),
  fontName: z.enum(fontNames, `Choose one of the fonts ${fontNames.join(', ')}; or leave it out for ${DEFAULT_FONT}.`).nullish(),
  fontSize: z.number().min(4, 'Choose a size of 4 to 200 points.').max(200, 'Choose a size of 4 to 200 points.').default(13),
  fontColor: color.default('#000000'),
  backgroundColor: colorOrNone,
  alignment: z.enum(['left', 'center', 'right'], 'Choose left, center or right; text is not justified here.').default('left'),
  verticalAlignment: z.enum(['top', 'middle', 'bottom']).default('top'),
  lineHeight: z.number().min(0.5, 'Choose a line height of 0.5 to 5.').max(5, 'Choose a line height of 0.5 to 5.').default(1),
  characterSpacing: z.number().min(-5, 'Choose a spacing of -5 to 50 points.').max(50, 'Choose a spacing of -5 to 50 points.').default(0),
  dynamicFontSize: z
    .object({
      min: z.number().min(1).max(200),
      max: z.number().min(1).max(200),
      fit: z.enum(['horizontal', 'vertical']),
    })
    .refine(({ min, max }) => min <= max, 'Give a min that is not above max.')
    .nullish(),
  underline: none('Take underline out; it is not printed here.'),
  strikethrough: none('Take strikethrough out; it is not printed here.'),
  textFormat: z.literal(['plain', undefined, null], 'Set textFormat to plain; markdown is not printed here.').optional(),
  overflow: z.literal(['visible', undefined, null], 'Set overflow to visible: here text shrinks or wraps within its box.').optional(),
  borderWidth: noBox('Take the border out; put a rectangle behind the text.'),
  padding: noBox('Take the padding out; make the box smaller.'),
})

const Image = z.object({
  type: z.literal('image'),
  ...place,
  ...turned,
  content: z.string('Give the picture: a data: URL, or image: and the id of one that was uploaded.'),
})

const Shape = z.object({
  type: z.enum(['rectangle', 'ellipse']),
  ...place,
  ...turned,
  color: colorOrNone,
  borderColor: colorOrNone,
  borderWidth: z.number().min(0).max(50, 'Choose a border of at most 50 millimetres.').nullish(),
  radius: z.number().min(0).max(250, 'Choose a radius of at most 250 millimetres.').nullish(),
})

const Line = z.object({ type: z.literal('line'), ...place, ...turned, color: color.default('#000000') })

const QrCode = z.object({
  type: z.literal('qrcode'),
  ...place,
  ...straight,
  name: z.literal('verifyUrl', 'Name the QR code verifyUrl: it leads to the credential.'),
  width: size.min(SMALLEST_QR_MM, `Make the QR code at least ${SMALLEST_QR_MM} millimetres wide, so that a camera reads it from paper.`),
  height: size.min(SMALLEST_QR_MM, `Make the QR code at least ${SMALLEST_QR_MM} millimetres high, so that a camera reads it from paper.`),
  barColor: color.default('#000000'),
  backgroundColor: colorOrNone,
})

const Field = z.discriminatedUnion('type', [Text, Image, Shape, Line, QrCode], `Choose among the types ${types}; others are not printed here.`)
type Field = z.output<typeof Field>

const blankPage = 'Give basePdf as { width, height, padding }: a blank page. Make the background of a PDF an image field of the size of the page.'
const sides = z.number().min(40, 'Make the page at least 40 millimetres wide and high.').max(450, 'Make the page at most 450 millimetres wide and high.')

const Template = z.object({
  basePdf: z.object(
    {
      width: sides,
      height: sides,
      staticSchema: z.array(z.unknown()).max(0, 'Move the fields of staticSchema into schemas: there is one page alone.').nullish(),
    },
    blankPage,
  ),
  schemas: z
    .array(z.array(Field).max(MOST_SCHEMAS, `Use at most ${MOST_SCHEMAS} fields.`), 'Give schemas as a list with one page, which is a list of fields.')
    .length(1, 'Design one page: a credential has no second.'),
})

/** A fault and its place in the template, as a JSON pointer (RFC 6901). */
export interface DesignFault {
  readonly pointer: string
  readonly message: string
}

/** Where a picture comes from: sent along as a data URL, or uploaded before. */
export type PictureSource = { readonly id: string } | { readonly base64: string }

export interface ReadDesign {
  /** The page, once it is known which picture each source became. */
  template(ids: ReadonlyMap<PictureSource, string>): OwnTemplate
  readonly pictures: readonly { readonly pointer: string; readonly source: PictureSource }[]
}

const pointer = (path: readonly PropertyKey[]) => path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** What a picture's content says; undefined where it is neither form. */
function pictureSource(content: string): PictureSource | undefined {
  const uploaded = /^image:([0-9a-f]{64})$/.exec(content)?.[1]
  if (uploaded !== undefined) return { id: uploaded }
  const base64 = /^data:image\/(?:png|jpe?g);base64,([A-Za-z0-9+/]+={0,2})$/.exec(content)?.[1]
  return base64 === undefined ? undefined : { base64 }
}

/** What only the whole page shows: names that are not unique, fields beside the page, words that are unknown. */
function faultsOfPage(fields: readonly Field[], page: { width: number; height: number }): DesignFault[] {
  const faults: DesignFault[] = []
  const seen = new Set<string>()
  fields.forEach((field, at) => {
    const fault = (property: string, message: string) => void faults.push({ pointer: `/schemas/0/${at}/${property}`, message })
    if (field.position.x + field.width > page.width + TOLERANCE_MM || field.position.y + field.height > page.height + TOLERANCE_MM)
      fault('position', 'Move the field onto the page, or make it smaller: it stands over the edge.')
    if (field.type === 'image' && !pictureSource(field.content))
      fault('content', 'Give a PNG or JPEG picture as a data: URL in base64, or image: and the id of one that was uploaded.')
    if (field.type !== 'text') return
    const { name, readOnly, content } = field
    if (seen.has(name)) fault('name', 'Give each text a name of its own.')
    seen.add(name)
    const isValue = (valueNames as readonly string[]).includes(name)
    if (name.startsWith('words.')) {
      if (!(wordNames as string[]).includes(name.slice(6))) fault('name', `Choose one of ${wordNames.map((word) => `words.${word}`).join(', ')}.`)
    } else if (isValue && readOnly) fault('readOnly', 'Set readOnly to false, or use another name: a text of this name shows what the credential says.')
    else if (!isValue && !readOnly) fault('name', `Set readOnly for a text that is always the same; else choose one of the names ${valueNames.join(', ')}.`)
    else if (!isValue && /[{}]/.test(content ?? '')) fault('content', 'Take the braces out: expressions are not evaluated here. Use a field with the name of the value.')
    else if (!isValue && /[\r\n]/.test((content ?? '').trim())) fault('content', 'Put each line into a text of its own.')
  })
  const codes = fields.filter(({ type }) => type === 'qrcode').length
  if (codes !== 1) faults.push({ pointer: '/schemas/0', message: 'Put one QR code named verifyUrl on the page: it leads to the credential.' })
  if (!seen.has('recipientName')) faults.push({ pointer: '/schemas/0', message: 'Put a text named recipientName on the page.' })
  return faults
}

/** In pdfme the area behind a text or a code is part of it; here it is an area of its own, below. */
function areaBehind(field: Field): DesignSchema[] {
  if ((field.type !== 'text' && field.type !== 'qrcode') || !field.backgroundColor) return []
  const { position, width, height, backgroundColor } = field
  return [{ type: 'rectangle', name: `behind ${field.name}`, readOnly: true, position, width, height, color: backgroundColor, borderWidth: 0 }]
}

function textSchema(field: Extract<Field, { type: 'text' }>): TextSchema[] {
  const { name, position, width, height, fontName, fontColor, alignment, verticalAlignment, lineHeight, characterSpacing } = field
  const isWord = name.startsWith('words.')
  const isFixed = isWord || field.readOnly === true
  const content = printable(field.content ?? '')
  if (isFixed && !isWord && content === '') return []
  // With a range, pdfme begins at its upper end; without one it wraps and does not shrink.
  const dynamicFontSize = field.dynamicFontSize ?? { min: field.fontSize, max: field.fontSize, fit: 'vertical' as const }
  return [{
    type: 'text', name, ...(content !== '' && { content }), ...(isFixed && { readOnly: true }), position, width, height,
    fontName: fontName ?? DEFAULT_FONT, fontSize: dynamicFontSize.max, fontColor, alignment, verticalAlignment, lineHeight, characterSpacing,
    dynamicFontSize,
    ...(name === 'achievementName' && { role: 'H1' as const }),
  }]
}

const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as { [K in keyof T]: Exclude<T[K], null | undefined> }

function schemaOf(field: Field, imageOf: (field: Field) => string): DesignSchema[] {
  const { name, position, width, height } = field
  switch (field.type) {
    case 'text': return textSchema(field)
    case 'image': {
      const { rotate, opacity } = field
      return [{ type: 'image', name, readOnly: true, image: imageOf(field), position, width, height, ...given({ rotate, opacity }) }]
    }
    case 'qrcode': return [{ type: 'qrcode', name: 'verifyUrl', position, width, height, barColor: field.barColor }]
    case 'line': {
      const { rotate, opacity } = field
      return [{ type: 'line', name, readOnly: true, position, width, height, color: field.color, ...given({ rotate, opacity }) }]
    }
    default: {
      const { type, rotate, opacity, color: fill, borderColor, borderWidth, radius } = field
      return [{ type, name, readOnly: true, position, width, height, ...given({ rotate, opacity, color: fill, borderColor, borderWidth, radius }) }]
    }
  }
}

/**
 * Reads a template as pdfme's designer exports it. Answers with every fault, or with the page and the pictures that it
 * needs.
 */
export function readPdfmeTemplate(value: unknown): { faults: DesignFault[] } | ReadDesign {
  const parsed = Template.safeParse(value)
  if (!parsed.success) return { faults: parsed.error.issues.map((issue) => ({ pointer: pointer(issue.path), message: issue.message })) }
  const { width, height } = parsed.data.basePdf
  const fields = parsed.data.schemas[0]!
  const faults = faultsOfPage(fields, { width, height })
  if (faults.length > 0) return { faults }
  const sources = new Map(fields.flatMap((field) => (field.type === 'image' ? [[field, pictureSource(field.content)!] as const] : [])))
  const pictures = fields.flatMap((field, at) => {
    const source = sources.get(field as never)
    return source ? [{ pointer: `/schemas/0/${at}/content`, source }] : []
  })
  return {
    pictures,
    template: (ids) => ({
      basePdf: { width, height, padding: [0, 0, 0, 0] },
      schemas: [[...fields.flatMap((field) => schemaOf(field, (one) => ids.get(sources.get(one as never)!)!)), ...fields.flatMap(areaBehind)]],
    }),
  }
}
