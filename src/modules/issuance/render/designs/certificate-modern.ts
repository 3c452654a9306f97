import type { Design, TextSchema } from './design.ts'
import { mirrored } from './mirror.ts'
import { certificateWords } from './words.ts'

const WIDTH = 297
const HEIGHT = 210
const BLOCK = 84
const TILE = 21
const TEAL = '#0f3f42'
const INK = '#17292b'
const GREY = '#5d6f71'
const GOLD = '#e9b44c'
const DARK_GOLD = '#9a6a10'

/** The tiles of the block, row by row: a shape (quarter, disc, square, leaf), its turn, its colour. */
const ROWS = [
  'q0a q1b l0c d0b',
  'd0c q2a q3b l1g',
  'q1b l0b d0g q0a',
  'l1a d0b q2c q3b',
  'q3c q0g l0b d0a',
]
const COLORS: Record<string, string> = { a: '#1c6a6c', b: '#16565a', c: '#2b8583', g: GOLD }
const ROUND = 0.5523

/** A quarter of a disc in a square of side `s`, its centre in one of the four corners. */
function quarter(x: number, y: number, s: number, turn: number): string {
  const corners: [number, number][] = [[x, y], [x + s, y], [x + s, y + s], [x, y + s]]
  const [cx, cy] = corners[turn]!
  const [ax, ay] = corners[(turn + 1) % 4]!
  const [bx, by] = corners[(turn + 3) % 4]!
  const control = (px: number, py: number, qx: number, qy: number) => `${px + (qx - cx) * ROUND} ${py + (qy - cy) * ROUND}`
  return `M${cx} ${cy}L${ax} ${ay}C${control(ax, ay, bx, by)} ${control(bx, by, ax, ay)} ${bx} ${by}Z`
}

/** Two quarters that meet: a leaf from corner to corner. */
function leaf(x: number, y: number, s: number, turn: number): string {
  const k = s * ROUND
  return turn === 0
    ? `M${x} ${y}C${x + k} ${y} ${x + s} ${y + s - k} ${x + s} ${y + s}C${x + s - k} ${y + s} ${x} ${y + k} ${x} ${y}Z`
    : `M${x + s} ${y}C${x + s} ${y + k} ${x + k} ${y + s} ${x} ${y + s}C${x} ${y + s - k} ${x + s - k} ${y} ${x + s} ${y}Z`
}

function tile(code: string, column: number, row: number, mirror: boolean): string {
  const [shape, turn, color] = [code[0]!, Number(code[1]), COLORS[code[2]!]!]
  const x = mirror ? WIDTH - (column + 1) * TILE : column * TILE
  const y = row * TILE
  if (shape === 'd') return `<circle cx="${x + TILE / 2}" cy="${y + TILE / 2}" r="${TILE / 4}" fill="${color}"/>`
  const flipped = mirror ? (shape === 'q' ? [1, 0, 3, 2][turn]! : 1 - turn) : turn
  return `<path d="${shape === 'q' ? quarter(x, y, TILE, flipped) : leaf(x, y, TILE, flipped)}" fill="${color}"/>`
}

function area(x: number, y: number, width: number, height: number, fill: string, mirror: boolean): string {
  const left = mirror ? WIDTH - x - width : x
  return `<path d="M${left} ${y}L${left + width} ${y}L${left + width} ${y + height}L${left} ${y + height}Z" fill="${fill}"/>`
}

function drawing(mirror: boolean): string {
  const tiles = ROWS.flatMap((row, y) => row.split(' ').map((code, x) => tile(code, x, y, mirror)))
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
    area(0, 0, BLOCK, HEIGHT, TEAL, mirror) +
    tiles.join('') +
    area(BLOCK, 0, 1.6, HEIGHT, GOLD, mirror) +
    area(23, 129, 38, 38, '#ffffff', mirror) +
    area(103, 100.5, 22, 1.3, GOLD, mirror) +
    area(103, 164, 174, 0.3, '#cfd8d8', mirror) +
    '</svg>'
  )
}

type Place = { y: number; height: number; x?: number; width?: number }

function text(name: string, { x = 103, y, width = 174, height }: Place, style: Partial<TextSchema>): TextSchema {
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
      text('issuerName', { y: 19, height: 12 }, {
        fontName: 'NotoSans-SemiBold',
        fontSize: 15,
        fontColor: TEAL,
        dynamicFontSize: { min: 10, max: 15, fit: 'horizontal' },
      }),
      text('words.title', { y: 39, height: 14 }, {
        readOnly: true,
        role: 'H1',
        fontName: 'NotoSans-Light',
        fontSize: 26,
        fontColor: DARK_GOLD,
      }),
      text('words.certifies', { y: 57, height: 7 }, { readOnly: true, fontSize: 12, fontColor: GREY }),
      text('recipientName', { y: 65, height: 31 }, {
        content: 'Ada Lovelace',
        fontName: 'NotoSans-Bold',
        fontSize: 36,
        lineHeight: 1.2,
        dynamicFontSize: { min: 22, max: 36, fit: 'horizontal' },
      }),
      text('statement', { y: 106, height: 12 }, {
        content: 'has successfully completed',
        fontSize: 12,
        fontColor: GREY,
        dynamicFontSize: { min: 10, max: 12, fit: 'horizontal' },
      }),
      text('achievementName', { y: 118.5, height: 29 }, {
        content: 'Distributed Systems',
        fontName: 'NotoSans-SemiBold',
        fontSize: 25,
        fontColor: TEAL,
        dynamicFontSize: { min: 17, max: 25, fit: 'horizontal' },
      }),
      text('dateLabel', { y: 168, width: 84, height: 5.5 }, { fontSize: 9, fontColor: GREY }),
      text('date', { y: 173.5, width: 84, height: 8 }, { content: '10 December 2026', fontName: 'NotoSans-SemiBold', fontSize: 14 }),
      text('issuedLine', { y: 182, width: 84, height: 5.5 }, { fontSize: 9, fontColor: GREY }),
      text('verifyUrl', { y: 191.5, width: 174, height: 7 }, { fontSize: 8, fontColor: GREY }),
      text('test', { x: 193, y: 172, width: 84, height: 11 }, {
        alignment: 'right',
        fontName: 'NotoSans-SemiBold',
        fontSize: 9,
        fontColor: '#b3402e',
      }),
      { type: 'qrcode', name: 'verifyUrl', position: { x: 26, y: 132 }, width: 32, height: 32, barColor: TEAL },
      text('words.verify', { x: 6, y: 171, width: 72, height: 6 }, {
        readOnly: true,
        alignment: 'center',
        fontSize: 9.5,
        fontColor: '#d6e4e3',
      }),
    ],
  ],
}

/** A certificate on A4 landscape: a block of geometric tiles at the side where reading begins, large plain type beside it. */
export const certificateModern: Design = {
  id: 'certificate-modern',
  version: 1,
  name: 'Certificate, modern',
  fields: ['issuerName', 'recipientName', 'statement', 'achievementName', 'date', 'issuedLine', 'verifyUrl', 'test'],
  words: certificateWords,
  template,
  rightToLeft: mirrored(template, { drawing: drawing(true) }),
}
