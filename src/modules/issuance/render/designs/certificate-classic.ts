import type { Design, TextSchema } from './design.ts'
import { rosette, star } from './ornament.ts'
import { certificateWords } from './words.ts'

const WIDTH = 297
const HEIGHT = 210
const NAVY = '#1b2a49'
const INK = '#2b2b33'
const GREY = '#6a6a72'
const GOLD = '#b08d4c'
const PALE_GOLD = '#efe6d2'
const CORNER = 10.8

function corners(): string {
  const places: [number, number][] = [
    [CORNER, CORNER],
    [WIDTH - CORNER, CORNER],
    [WIDTH - CORNER, HEIGHT - CORNER],
    [CORNER, HEIGHT - CORNER],
  ]
  return places
    .map(
      ([x, y]) =>
        `<circle cx="${x}" cy="${y}" r="5.4" fill="#ffffff"/>` +
        `<path d="${rosette([x, y], 1.6, 5, 8, 2)}" fill="none" stroke="${GOLD}" stroke-width="0.28"/>` +
        `<circle cx="${x}" cy="${y}" r="1" fill="${NAVY}"/>`,
    )
    .join('')
}

function frame(inset: number, color: string, width: number): string {
  const right = WIDTH - inset
  const bottom = HEIGHT - inset
  const path = `M${inset} ${inset}L${right} ${inset}L${right} ${bottom}L${inset} ${bottom}Z`
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="${width}"/>`
}

function seal(x: number, y: number): string {
  return (
    `<path d="${rosette([x, y], 12.6, 17, 24, 3)}" fill="none" stroke="${GOLD}" stroke-width="0.25"/>` +
    `<path d="${rosette([x, y], 8.4, 12.2, 16, 3)}" fill="none" stroke="${GOLD}" stroke-width="0.25"/>` +
    `<circle cx="${x}" cy="${y}" r="8.1" fill="${NAVY}"/>` +
    `<circle cx="${x}" cy="${y}" r="7.2" fill="none" stroke="${GOLD}" stroke-width="0.3"/>` +
    `<path d="${star([x, y + 0.3], 4.6, 1.9, 5)}" fill="${GOLD}"/>`
  )
}

const DRAWING =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
  `<path d="${rosette([148.5, 98], 22, 66, 18, 4)}" fill="none" stroke="${PALE_GOLD}" stroke-width="0.22"/>` +
  frame(8.6, GOLD, 0.3) +
  frame(CORNER, NAVY, 1.3) +
  frame(13, GOLD, 0.3) +
  corners() +
  `<path d="M98.5 93.5L144.5 93.5M152.5 93.5L198.5 93.5" fill="none" stroke="${GOLD}" stroke-width="0.35"/>` +
  `<path d="${star([148.5, 93.5], 1.7, 0.75, 4)}" fill="${GOLD}"/>` +
  `<path d="M40 161.5L100 161.5" fill="none" stroke="${GOLD}" stroke-width="0.35"/>` +
  seal(148.5, 158.5) +
  '</svg>'

type Place = { y: number; height: number; x?: number; width?: number }

function centered(name: string, { x = 36, y, width = 225, height }: Place, style: Partial<TextSchema>): TextSchema {
  return {
    type: 'text',
    name,
    position: { x, y },
    width,
    height,
    alignment: 'center',
    verticalAlignment: 'middle',
    fontName: 'NotoSans-Regular',
    fontSize: 10,
    fontColor: INK,
    lineHeight: 1.25,
    ...style,
  }
}

/** A certificate on A4 landscape: framed, with corner rosettes, a seal, and a pale line pattern behind the name. */
export const certificateClassic: Design = {
  id: 'certificate-classic',
  version: 1,
  name: 'Certificate, classic',
  fields: ['issuerName', 'recipientName', 'statement', 'achievementName', 'date', 'issuedLine', 'verifyUrl', 'test'],
  words: certificateWords,
  template: {
    basePdf: { width: WIDTH, height: HEIGHT, padding: [0, 0, 0, 0] },
    schemas: [
      [
        {
          type: 'svg',
          name: 'drawing',
          readOnly: true,
          content: DRAWING,
          position: { x: 0, y: 0 },
          width: WIDTH,
          height: HEIGHT,
        },
        centered('test', { y: 15.5, height: 5 }, {
          fontName: 'NotoSans-SemiBold',
          fontSize: 8.5,
          fontColor: '#a33b2a',
        }),
        centered('issuerName', { y: 21.5, height: 11 }, {
          fontName: 'NotoSans-SemiBold',
          fontSize: 13,
          fontColor: NAVY,
          characterSpacing: 0.8,
          dynamicFontSize: { min: 9, max: 13, fit: 'horizontal' },
        }),
        centered('words.title', { y: 34, height: 19 }, {
          readOnly: true,
          role: 'H1',
          fontName: 'NotoSerif-Regular',
          fontSize: 38,
          fontColor: NAVY,
          characterSpacing: 0.6,
        }),
        centered('words.certifies', { y: 56.5, height: 8 }, {
          readOnly: true,
          fontName: 'NotoSerif-Italic',
          fontSize: 13,
          fontColor: GREY,
        }),
        centered('recipientName', { y: 64.5, height: 25 }, {
          content: 'Ada Lovelace',
          fontName: 'NotoSerif-SemiBold',
          fontSize: 34,
          fontColor: NAVY,
          dynamicFontSize: { min: 22, max: 34, fit: 'horizontal' },
        }),
        centered('statement', { y: 97, height: 12 }, {
          content: 'has successfully completed',
          fontName: 'NotoSerif-Italic',
          fontSize: 13,
          fontColor: GREY,
          dynamicFontSize: { min: 11, max: 13, fit: 'horizontal' },
        }),
        centered('achievementName', { y: 109.5, height: 24 }, {
          content: 'Distributed Systems',
          fontName: 'NotoSerif-SemiBold',
          fontSize: 24,
          fontColor: INK,
          dynamicFontSize: { min: 17, max: 24, fit: 'horizontal' },
        }),
        centered('date', { x: 36, y: 151.5, width: 68, height: 9 }, {
          content: '10 December 2026',
          fontName: 'NotoSerif-Regular',
          fontSize: 14,
        }),
        centered('dateLabel', { x: 36, y: 163, width: 68, height: 5.5 }, { fontSize: 9, fontColor: GREY }),
        centered('issuedLine', { x: 36, y: 169, width: 68, height: 5.5 }, { fontSize: 8, fontColor: GREY }),
        {
          type: 'qrcode',
          name: 'verifyUrl',
          position: { x: 213.5, y: 142.5 },
          width: 27,
          height: 27,
          barColor: NAVY,
        },
        centered('words.verify', { x: 193, y: 171.5, width: 68, height: 5.5 }, {
          readOnly: true,
          fontSize: 9,
          fontColor: GREY,
        }),
        centered('verifyUrl', { x: 58.5, y: 184.5, width: 180, height: 7 }, { fontSize: 8, fontColor: GREY }),
      ],
    ],
  },
}
