import { rosette, roundedPolygon, star, wavyRing } from '../designs/ornament.ts'
import type { TextBox } from '../text-box.ts'

/** Width and height of a badge's picture in its own units. */
export const EMBLEM_SIZE = 512

type Place = Pick<TextBox, 'x' | 'y' | 'width' | 'height'>
type Color = [red: number, green: number, blue: number]

/** The picture of a badge without its texts: a field with an edge, a star, and a ribbon. */
export type Emblem = {
  shape: 'hexagon' | 'seal' | 'shield' | 'disc' | 'octagon'
  colors: { edge: string; field: string; line: string; star: string; ribbon: string; fold: string }
  ink: Color
  ribbonInk: Color
  /** Where its texts stand; origin at the lower left. */
  title: Place
  issuer: Place
  mark: Place
}

const X = 256
const Y = 246
const WHITE: Color = [1, 1, 1]

const places = {
  title: { x: 92, y: 190, width: 328, height: 166 },
  issuer: { x: 76, y: 116, width: 360, height: 54 },
  mark: { x: 176, y: 78, width: 160, height: 26 },
}

function emblem(shape: Emblem['shape'], colors: Emblem['colors'], ribbonInk: Color): Emblem {
  return { shape, colors, ink: WHITE, ribbonInk, ...places }
}

const EMBLEMS: Record<string, Emblem> = {
  'badge-modern': emblem(
    'hexagon',
    { edge: '#f2a33a', field: '#221f54', line: '#3b3783', star: '#f2a33a', ribbon: '#f2a33a', fold: '#b96c14' },
    [0.12, 0.11, 0.3],
  ),
  'certificate-classic': emblem(
    'seal',
    { edge: '#b08d4c', field: '#1b2a49', line: '#33456b', star: '#d8b878', ribbon: '#d8b878', fold: '#86683a' },
    [0.1, 0.16, 0.29],
  ),
  'certificate-modern': emblem(
    'disc',
    { edge: '#e9b44c', field: '#0f3f42', line: '#21696b', star: '#e9b44c', ribbon: '#e9b44c', fold: '#9a6a10' },
    [0.06, 0.2, 0.21],
  ),
  'certificate-diploma': emblem(
    'shield',
    { edge: '#b28f48', field: '#6a1b2d', line: '#8a3549', star: '#d9bb78', ribbon: '#d9bb78', fold: '#86683a' },
    [0.3, 0.08, 0.14],
  ),
  'certificate-minimal': emblem(
    'octagon',
    { edge: '#e8573f', field: '#1c1c22', line: '#3a3a44', star: '#e8573f', ribbon: '#e8573f', fold: '#96301f' },
    [1, 1, 1],
  ),
}

/** The emblem of a design. */
export function emblemOf(design: string): Emblem {
  return (Object.hasOwn(EMBLEMS, design) ? EMBLEMS[design] : undefined) ?? EMBLEMS['badge-modern']!
}

function outline(shape: Emblem['shape'], radius: number): string {
  switch (shape) {
    case 'hexagon': return roundedPolygon([X, Y], radius, 6, radius * 0.16)
    case 'octagon': return roundedPolygon([X, Y], radius, 8, radius * 0.12, -Math.PI / 2 + Math.PI / 8)
    case 'seal': return wavyRing([X, Y], radius * 0.955, radius, 28, 0)
    case 'disc': return wavyRing([X, Y], radius, radius, 8, 0)
    case 'shield': return shield(radius)
  }
}

function shield(radius: number): string {
  const half = radius * 0.92
  const [top, bottom] = [Y - radius * 0.94, Y + radius * 1.06]
  const waist = Y + radius * 0.3
  return (
    `M${X} ${top}Q${X + half * 0.5} ${top + radius * 0.12} ${X + half} ${top + radius * 0.06}L${X + half} ${waist}` +
    `Q${X + half * 0.94} ${waist + radius * 0.44} ${X} ${bottom}Q${X - half * 0.94} ${waist + radius * 0.44} ${X - half} ${waist}` +
    `L${X - half} ${top + radius * 0.06}Q${X - half * 0.5} ${top + radius * 0.12} ${X} ${top}Z`
  )
}

function ornament({ shape, colors }: Emblem): string {
  const stroke = (data: string, width: number) => `<path d="${data}" fill="none" stroke="${colors.line}" stroke-width="${width}"/>`
  if (shape === 'seal') return stroke(rosette([X, Y], 128, 196, 24, 4), 1.2)
  return [150, 164, 178, 192].map((radius) => stroke(outline(shape, radius), 1.4)).join('')
}

/** Ribbon across the lower part: its ends lie behind, folded. */
function ribbon({ colors }: Emblem): string {
  const [top, bottom] = [340, 398]
  const tail = (side: 1 | -1) => {
    const at = (x: number) => X + side * x
    return (
      `<path d="M${at(186)} ${top + 16}L${at(246)} ${top + 16}L${at(226)} ${top + 45}L${at(246)} ${bottom + 16}L${at(186)} ${bottom + 16}Z" fill="${colors.ribbon}"/>` +
      `<path d="M${at(186)} ${bottom + 16}L${at(186)} ${bottom}L${at(208)} ${bottom}Z" fill="${colors.fold}"/>`
    )
  }
  return (
    tail(1) + tail(-1) +
    `<path d="M48 ${top}L464 ${top}L464 ${bottom}L48 ${bottom}Z" fill="${colors.ribbon}"/>`
  )
}

/** The drawing of an emblem, as SVG elements. */
export function emblemDrawing(emblem: Emblem): string {
  const { shape, colors } = emblem
  const fill = (radius: number, color: string) => `<path d="${outline(shape, radius)}" fill="${color}"/>`
  const stars = [[X, 116, 27], [X - 58, 126, 15], [X + 58, 126, 15]]
    .map(([x, y, size]) => `<path d="${star([x!, y!], size!, size! * 0.42, 5)}" fill="${colors.star}"/>`)
    .join('')
  return (
    fill(240, colors.edge) + fill(228, '#ffffff') + fill(221, colors.field) + ornament(emblem) + stars + ribbon(emblem)
  )
}
