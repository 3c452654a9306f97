import type { Design, TextSchema } from './design.ts'
import { mirrored } from './mirror.ts'
import { rosette, smooth, star, wavyRing } from './ornament.ts'
import { diplomaWords } from './words.ts'

const WIDTH = 210
const HEIGHT = 297
const PAPER = '#fcf8ee'
const WINE = '#6a1b2d'
const INK = '#33272a'
const GREY = '#756a66'
const GOLD = '#b28f48'
const PALE = '#f0e5cb'

/** Strands of a wave along a straight line between two points, as in the border of a banknote. */
function strands(from: [number, number], to: [number, number], waves: number, swing: number): string {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  const length = Math.hypot(dx, dy)
  return [0, 1, 2].map((strand) =>
    smooth((t) => {
      const away = swing * Math.sin(2 * Math.PI * (waves * t + strand / 3))
      return [from[0] + dx * t - (dy / length) * away, from[1] + dy * t + (dx / length) * away]
    }, waves * 4)).join('')
}

function frame(inset: number, color: string, width: number): string {
  const [right, bottom] = [WIDTH - inset, HEIGHT - inset]
  return `<path d="M${inset} ${inset}L${right} ${inset}L${right} ${bottom}L${inset} ${bottom}Z" fill="none" stroke="${color}" stroke-width="${width}"/>`
}

function border(): string {
  const [near, right, bottom] = [13.5, WIDTH - 13.5, HEIGHT - 13.5]
  const [begin, end] = [21, 24]
  const lines =
    strands([begin, near], [WIDTH - begin, near], 24, 2.3) +
    strands([begin, bottom], [WIDTH - begin, bottom], 24, 2.3) +
    strands([near, end - 3], [near, HEIGHT - begin], 36, 2.3) +
    strands([right, end - 3], [right, HEIGHT - begin], 36, 2.3)
  const corners = [[near, near], [right, near], [right, bottom], [near, bottom]]
    .map(([x, y]) =>
      `<path d="${rosette([x!, y!], 2.2, 5.6, 9, 2)}" fill="none" stroke="${WINE}" stroke-width="0.25"/>` +
      `<circle cx="${x}" cy="${y}" r="1.5" fill="${GOLD}"/>`)
  return (
    frame(9.5, WINE, 1) + frame(17.5, WINE, 0.35) + frame(18.8, GOLD, 0.3) +
    `<path d="${lines}" fill="none" stroke="${GOLD}" stroke-width="0.25"/>` + corners.join('')
  )
}

/** Two branches of laurel, open at the top. */
function laurel(x: number, y: number, radius: number): string {
  const leaves: string[] = []
  for (let i = 0; i < 9; i++) {
    for (const side of [1, -1]) {
      const angle = Math.PI / 2 - side * (0.22 + i * 0.265)
      const [bx, by] = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)]
      for (const lean of [0.62, -0.72]) {
        const direction = angle - side * (Math.PI / 2 - lean)
        const size = 4.9 - i * 0.22
        const [tx, ty] = [bx + size * Math.cos(direction), by + size * Math.sin(direction)]
        const bulge = size * 0.3
        const [nx, ny] = [-Math.sin(direction) * bulge, Math.cos(direction) * bulge]
        const [mx, my] = [(bx + tx) / 2, (by + ty) / 2]
        const p = (a: number, b: number) => `${a.toFixed(2)} ${b.toFixed(2)}`
        leaves.push(`M${p(bx, by)}Q${p(mx + nx, my + ny)} ${p(tx, ty)}Q${p(mx - nx, my - ny)} ${p(bx, by)}Z`)
      }
    }
  }
  return `<path d="${leaves.join('')}" fill="${GOLD}"/>`
}

function crest(x: number, y: number): string {
  return (
    laurel(x, y, 13) +
    `<circle cx="${x}" cy="${y}" r="8.2" fill="${WINE}"/>` +
    `<circle cx="${x}" cy="${y}" r="7.2" fill="none" stroke="${GOLD}" stroke-width="0.35"/>` +
    `<path d="${star([x, y + 0.3], 4.7, 1.95, 5)}" fill="${GOLD}"/>`
  )
}

function seal(x: number, y: number): string {
  const tail = (side: 1 | -1) =>
    `<path d="M${x + side * 1.5} ${y + 8}L${x + side * 9.5} ${y + 7}L${x + side * 12} ${y + 27}L${x + side * 7.2} ${y + 23.5}L${x + side * 4} ${y + 28.5}Z" fill="${WINE}"/>`
  return (
    tail(1) + tail(-1) +
    `<path d="${wavyRing([x, y], 12.6, 13.6, 26, 0)}" fill="${GOLD}"/>` +
    `<path d="${rosette([x, y], 8.6, 12.1, 20, 3)}" fill="none" stroke="${PAPER}" stroke-width="0.2"/>` +
    `<circle cx="${x}" cy="${y}" r="8.3" fill="${WINE}"/>` +
    `<circle cx="${x}" cy="${y}" r="7.4" fill="none" stroke="${GOLD}" stroke-width="0.3"/>` +
    `<path d="${star([x, y], 5, 1.6, 4)}" fill="${GOLD}"/><path d="${star([x, y], 3.1, 1.4, 4, -Math.PI / 4)}" fill="${GOLD}"/>`
  )
}

function drawing(dateX: number): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
    `<path d="M0 0L${WIDTH} 0L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z" fill="${PAPER}"/>` +
    `<path d="${rosette([105, 142], 24, 66, 18, 4)}" fill="none" stroke="${PALE}" stroke-width="0.3"/>` +
    border() +
    crest(105, 47) +
    `<path d="M63 110L100.5 110M109.5 110L147 110" fill="none" stroke="${GOLD}" stroke-width="0.35"/>` +
    `<path d="${star([105, 110], 2, 0.85, 4)}" fill="${GOLD}"/>` +
    seal(105, 232) +
    `<path d="M${dateX} 237L${dateX + 48} 237" fill="none" stroke="${GOLD}" stroke-width="0.35"/>` +
    '</svg>'
  )
}

type Place = { y: number; height: number; x?: number; width?: number }

function centered(name: string, { x = 29, y, width = 152, height }: Place, style: Partial<TextSchema>): TextSchema {
  return {
    type: 'text',
    name,
    position: { x, y },
    width,
    height,
    alignment: 'center',
    verticalAlignment: 'middle',
    fontName: 'NotoSerif-Regular',
    fontSize: 10,
    fontColor: INK,
    lineHeight: 1.25,
    ...style,
  }
}

const DATE_X = 29
const template: Design['template'] = {
  basePdf: { width: WIDTH, height: HEIGHT, padding: [0, 0, 0, 0] },
  schemas: [
    [
      {
        type: 'svg',
        name: 'drawing',
        readOnly: true,
        content: drawing(DATE_X),
        position: { x: 0, y: 0 },
        width: WIDTH,
        height: HEIGHT,
      },
      centered('test', { y: 21.5, height: 5 }, { fontName: 'NotoSans-SemiBold', fontSize: 8.5, fontColor: '#a33b2a' }),
      centered('issuerName', { y: 66, height: 13 }, {
        fontName: 'NotoSerif-SemiBold',
        fontSize: 17,
        fontColor: WINE,
        characterSpacing: 0.4,
        dynamicFontSize: { min: 11, max: 17, fit: 'horizontal' },
      }),
      centered('words.title', { y: 81, height: 24 }, {
        readOnly: true,
        role: 'H1',
        fontSize: 50,
        fontColor: WINE,
        characterSpacing: 1.2,
      }),
      centered('words.certifies', { y: 115, height: 8 }, { readOnly: true, fontName: 'NotoSerif-Italic', fontSize: 13, fontColor: GREY }),
      centered('recipientName', { y: 123.5, height: 30 }, {
        content: 'Ada Lovelace',
        fontName: 'NotoSerif-SemiBold',
        fontSize: 32,
        dynamicFontSize: { min: 20, max: 32, fit: 'horizontal' },
      }),
      centered('statement', { y: 155, height: 13 }, {
        content: 'has fulfilled all requirements of',
        fontName: 'NotoSerif-Italic',
        fontSize: 13,
        fontColor: GREY,
        dynamicFontSize: { min: 11, max: 13, fit: 'horizontal' },
      }),
      centered('achievementName', { y: 168.5, height: 30 }, {
        content: 'Distributed Systems',
        fontName: 'NotoSerif-SemiBold',
        fontSize: 24,
        fontColor: WINE,
        dynamicFontSize: { min: 16, max: 24, fit: 'horizontal' },
      }),
      centered('date', { x: DATE_X, y: 227, width: 48, height: 9 }, { content: '10 December 2026', fontSize: 13 }),
      centered('dateLabel', { x: DATE_X, y: 238.5, width: 48, height: 5.5 }, { fontName: 'NotoSans-Regular', fontSize: 9, fontColor: GREY }),
      centered('issuedLine', { x: DATE_X, y: 244.5, width: 48, height: 5.5 }, { fontName: 'NotoSans-Regular', fontSize: 8, fontColor: GREY }),
      { type: 'qrcode', name: 'verifyUrl', position: { x: 143, y: 215 }, width: 28, height: 28, barColor: WINE },
      centered('words.verify', { x: 133, y: 244.5, width: 48, height: 5.5 }, {
        readOnly: true,
        fontName: 'NotoSans-Regular',
        fontSize: 9,
        fontColor: GREY,
      }),
      centered('verifyUrl', { y: 265.5, height: 7 }, { fontName: 'NotoSans-Regular', fontSize: 8, fontColor: GREY }),
    ],
  ],
}

/** A diploma on A4 portrait: tinted paper, a woven border, a crest of laurel, a seal with ribbons. */
export const certificateDiploma: Design = {
  id: 'certificate-diploma',
  version: 1,
  name: 'Diploma, formal',
  fields: ['issuerName', 'recipientName', 'statement', 'achievementName', 'date', 'issuedLine', 'verifyUrl', 'test'],
  words: diplomaWords,
  template,
  rightToLeft: mirrored(template, { drawing: drawing(WIDTH - DATE_X - 48) }),
}
