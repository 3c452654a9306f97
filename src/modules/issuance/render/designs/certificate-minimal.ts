import type { Design, TextSchema } from './design.ts'
import { mirrored } from './mirror.ts'
import { certificateWords } from './words.ts'

const WIDTH = 210
const HEIGHT = 297
const MARGIN = 25
const COLUMN = WIDTH - 2 * MARGIN
const INK = '#1c1c22'
const GREY = '#6f6f78'
const CORAL = '#e8573f'
const ROUND = 0.5523

/** A quarter of a disc in the upper corner where lines end. */
function corner(radius: number, mirror: boolean): string {
  const x = (value: number) => (mirror ? value : WIDTH - value)
  const bend = radius * ROUND
  return `M${x(radius)} 0C${x(radius)} ${bend} ${x(bend)} ${radius} ${x(0)} ${radius}`
}

function drawing(mirror: boolean): string {
  const rings = [74, 88, 102]
    .map((radius, index) =>
      `<path d="${corner(radius, mirror)}" fill="none" stroke="${['#f3a597', '#f7c7be', '#fbe3de'][index]}" stroke-width="0.5"/>`)
    .join('')
  const barX = mirror ? WIDTH - MARGIN - 16 : MARGIN
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
    `<path d="${corner(60, mirror)}L${mirror ? 0 : WIDTH} 0Z" fill="${CORAL}"/>` +
    rings +
    `<path d="M${barX} 92L${barX + 16} 92L${barX + 16} 93.8L${barX} 93.8Z" fill="${CORAL}"/>` +
    `<path d="M${MARGIN} 222L${WIDTH - MARGIN} 222" fill="none" stroke="#d8d8de" stroke-width="0.3"/>` +
    '</svg>'
  )
}

type Place = { y: number; height: number; x?: number; width?: number }

function text(name: string, { x = MARGIN, y, width = COLUMN, height }: Place, style: Partial<TextSchema>): TextSchema {
  return {
    type: 'text',
    name,
    position: { x, y },
    width,
    height,
    alignment: 'left',
    verticalAlignment: 'middle',
    fontName: 'NotoSans-Regular',
    fontSize: 10,
    fontColor: INK,
    lineHeight: 1.25,
    ...style,
  }
}

const template: Design['template'] = {
  basePdf: { width: WIDTH, height: HEIGHT, padding: [0, 0, 0, 0] },
  schemas: [
    [
      {
        type: 'svg',
        name: 'drawing',
        readOnly: true,
        content: drawing(false),
        position: { x: 0, y: 0 },
        width: WIDTH,
        height: HEIGHT,
      },
      text('issuerName', { y: 26, width: 96, height: 17 }, {
        fontName: 'NotoSans-SemiBold',
        fontSize: 15,
        dynamicFontSize: { min: 11, max: 15, fit: 'horizontal' },
      }),
      text('words.title', { y: 97, height: 17 }, { readOnly: true, role: 'H1', fontName: 'NotoSans-Light', fontSize: 33 }),
      text('words.certifies', { y: 121, height: 7 }, { readOnly: true, fontSize: 12, fontColor: GREY }),
      text('recipientName', { y: 128.5, height: 29 }, {
        content: 'Ada Lovelace',
        fontName: 'NotoSans-Bold',
        fontSize: 32,
        lineHeight: 1.2,
        dynamicFontSize: { min: 20, max: 32, fit: 'horizontal' },
      }),
      text('statement', { y: 159, height: 12 }, {
        content: 'has successfully completed',
        fontSize: 12,
        fontColor: GREY,
        dynamicFontSize: { min: 10, max: 12, fit: 'horizontal' },
      }),
      text('achievementName', { y: 171.5, height: 30 }, {
        content: 'Distributed Systems',
        fontName: 'NotoSans-SemiBold',
        fontSize: 23,
        fontColor: '#b93c27',
        dynamicFontSize: { min: 16, max: 23, fit: 'horizontal' },
      }),
      text('dateLabel', { y: 229, width: 112, height: 5.5 }, { fontSize: 9, fontColor: GREY }),
      text('date', { y: 234.5, width: 112, height: 8 }, { content: '10 December 2026', fontName: 'NotoSans-SemiBold', fontSize: 14 }),
      text('issuedLine', { y: 243, width: 112, height: 5.5 }, { fontSize: 9, fontColor: GREY }),
      text('verifyUrl', { y: 252.5, width: 112, height: 7 }, {
        fontSize: 8,
        fontColor: GREY,
        lineHeight: 1.2,
        dynamicFontSize: { min: 6.5, max: 8, fit: 'horizontal' },
      }),
      text('test', { y: 263, width: 112, height: 6 }, { fontName: 'NotoSans-SemiBold', fontSize: 9, fontColor: '#b3402e' }),
      { type: 'qrcode', name: 'verifyUrl', position: { x: WIDTH - MARGIN - 32, y: 229.5 }, width: 32, height: 32, barColor: INK },
      text('words.verify', { x: WIDTH - MARGIN - 45, y: 264, width: 45, height: 5.5 }, {
        readOnly: true,
        alignment: 'right',
        fontSize: 9,
        fontColor: GREY,
      }),
    ],
  ],
}

/** A certificate on A4 portrait: white space, one colour, a quarter disc with rings in the corner. */
export const certificateMinimal: Design = {
  id: 'certificate-minimal',
  version: 1,
  name: 'Certificate, minimal',
  fields: ['issuerName', 'recipientName', 'statement', 'achievementName', 'date', 'issuedLine', 'verifyUrl', 'test'],
  words: certificateWords,
  template,
  rightToLeft: mirrored(template, { drawing: drawing(true) }),
}
