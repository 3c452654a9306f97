import type { Design, TextSchema } from './design.ts'
import { mirrored } from './mirror.ts'
import { roundedPolygon, star } from './ornament.ts'
import { badgeWords } from './words.ts'

const WIDTH = 148
const HEIGHT = 210
const INDIGO = '#221f54'
const INDIGO_LINE = '#37337a'
const AMBER = '#f2a33a'
const DEEP_AMBER = '#d97e18'
const INK = '#1f1d3d'
const GREY = '#66647d'
const BAND = 98
const EMBLEM: [number, number] = [74, 62]

function ripples(): string {
  return [34, 41, 48, 55, 62, 69, 76]
    .map((radius) => {
      const path = roundedPolygon(EMBLEM, radius, 6, radius * 0.18)
      return `<path d="${path}" fill="none" stroke="${INDIGO_LINE}" stroke-width="0.5"/>`
    })
    .join('')
}

const [X, Y] = EMBLEM
const DRAWING =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
  `<path d="M0 0L${WIDTH} 0L${WIDTH} ${BAND}L0 ${BAND}Z" fill="${INDIGO}"/>` +
  ripples() +
  `<path d="M0 ${BAND}L${WIDTH} ${BAND}L${WIDTH} 150L0 150Z" fill="#ffffff"/>` +
  `<path d="M0 ${BAND}L${WIDTH} ${BAND}L${WIDTH} ${BAND + 1.4}L0 ${BAND + 1.4}Z" fill="${AMBER}"/>` +
  `<path d="${roundedPolygon(EMBLEM, 28, 6, 5)}" fill="#ffffff"/>` +
  `<path d="${roundedPolygon(EMBLEM, 25.6, 6, 4.4)}" fill="${AMBER}"/>` +
  `<path d="${roundedPolygon(EMBLEM, 20.4, 6, 3.4)}" fill="${DEEP_AMBER}"/>` +
  `<path d="${roundedPolygon(EMBLEM, 18.6, 6, 3)}" fill="${AMBER}"/>` +
  `<path d="${star([X, Y + 0.8], 11.4, 4.9, 5)}" fill="#ffffff"/>` +
  `<path d="M14 162.5L134 162.5" fill="none" stroke="#d9d8e6" stroke-width="0.35"/>` +
  '</svg>'

type Place = { y: number; height: number; x?: number; width?: number }

function text(name: string, { x = 14, y, width = 120, height }: Place, style: Partial<TextSchema>): TextSchema {
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

const template: Design['template'] = {
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
      text('issuerName', { y: 9.5, height: 11 }, {
        fontName: 'NotoSans-SemiBold',
        fontSize: 13,
        fontColor: '#ffffff',
        dynamicFontSize: { min: 9, max: 13, fit: 'horizontal' },
      }),
      text('words.title', { y: 20.5, height: 6 }, {
        readOnly: true,
        fontSize: 9,
        fontColor: '#c9c6ee',
        characterSpacing: 0.6,
      }),
      text('achievementName', { y: 103.5, height: 23 }, {
        role: 'H1',
        content: 'Distributed Systems',
        fontName: 'NotoSans-Bold',
        fontSize: 25,
        fontColor: INDIGO,
        lineHeight: 1.2,
        dynamicFontSize: { min: 19, max: 25, fit: 'horizontal' },
      }),
      text('words.certifies', { y: 127.5, height: 6 }, { readOnly: true, fontSize: 10, fontColor: GREY }),
      text('recipientName', { y: 133.5, height: 15 }, {
        content: 'Ada Lovelace',
        fontName: 'NotoSans-SemiBold',
        fontSize: 20,
        dynamicFontSize: { min: 14, max: 20, fit: 'horizontal' },
      }),
      text('statement', { y: 149, height: 10 }, {
        content: 'for successful completion',
        fontSize: 10,
        fontColor: GREY,
        dynamicFontSize: { min: 9, max: 10, fit: 'horizontal' },
      }),
      text('dateLabel', { y: 167, width: 84, height: 5 }, { alignment: 'left', fontSize: 8.5, fontColor: GREY }),
      text('date', { y: 172, width: 84, height: 7.5 }, {
        alignment: 'left',
        content: '10 December 2026',
        fontName: 'NotoSans-SemiBold',
        fontSize: 12.5,
      }),
      text('issuedLine', { y: 179.5, width: 84, height: 5 }, { alignment: 'left', fontSize: 8.5, fontColor: GREY }),
      {
        type: 'qrcode',
        name: 'verifyUrl',
        position: { x: 107, y: 167.5 },
        width: 27,
        height: 27,
        barColor: INDIGO,
      },
      text('words.verify', { x: 100, y: 195.5, width: 41, height: 5 }, {
        readOnly: true,
        fontSize: 8,
        fontColor: GREY,
      }),
      text('verifyUrl', { y: 187.5, width: 84, height: 7.5 }, {
        alignment: 'left',
        fontSize: 7.5,
        fontColor: GREY,
        lineHeight: 1.3,
        dynamicFontSize: { min: 6.5, max: 7.5, fit: 'horizontal' },
      }),
      text('test', { y: 195.5, width: 84, height: 5 }, {
        alignment: 'left',
        fontName: 'NotoSans-SemiBold',
        fontSize: 8,
        fontColor: '#b3402e',
      }),
    ],
  ],
}

/** A badge on A5 portrait: a hexagonal emblem on a dark band, the achievement in large type below it. */
export const badgeModern: Design = {
  id: 'badge-modern',
  version: 1,
  name: 'Badge, modern',
  fields: ['issuerName', 'achievementName', 'recipientName', 'statement', 'date', 'issuedLine', 'verifyUrl', 'test'],
  words: badgeWords,
  template,
  rightToLeft: mirrored(template),
}
