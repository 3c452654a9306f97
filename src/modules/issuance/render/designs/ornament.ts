/** Line ornaments as SVG path data. Lengths are millimetres, angles radians; everything is a pure function. */

type Point = [x: number, y: number]
type Curve = (t: number) => Point

function two(value: number): string {
  return String(Math.round(value * 100) / 100)
}

function slope(curve: Curve, t: number): Point {
  const step = 1e-4
  const [x0, y0] = curve(t - step)
  const [x1, y1] = curve(t + step)
  return [(x1 - x0) / (2 * step), (y1 - y0) / (2 * step)]
}

/** A curve over 0 ≤ t ≤ 1 as `pieces` cubic Béziers that follow its tangents. */
export function smooth(curve: Curve, pieces: number): string {
  const third = 1 / pieces / 3
  let data = `M${curve(0).map(two).join(' ')}`
  for (let i = 0; i < pieces; i++) {
    const from = i / pieces
    const to = (i + 1) / pieces
    const [x0, y0] = curve(from)
    const [x1, y1] = curve(to)
    const [dx0, dy0] = slope(curve, from)
    const [dx1, dy1] = slope(curve, to)
    const points = [x0 + dx0 * third, y0 + dy0 * third, x1 - dx1 * third, y1 - dy1 * third, x1, y1]
    data += `C${points.map(two).join(' ')}`
  }
  return data
}

/** A closed wave around a circle: `petals` crests between the two radii, turned by `turn`. */
export function wavyRing(center: Point, inner: number, outer: number, petals: number, turn: number): string {
  const middle = (inner + outer) / 2
  const swing = (outer - inner) / 2
  const curve: Curve = (t) => {
    const angle = (t * petals * 2 * Math.PI - turn) / petals
    const radius = middle + swing * Math.cos(petals * angle + turn)
    return [center[0] + radius * Math.cos(angle), center[1] + radius * Math.sin(angle)]
  }
  return smooth(curve, petals * 2)
}

/** Interlaced wavy rings, as on a banknote. */
export function rosette(center: Point, inner: number, outer: number, petals: number, strands: number): string {
  const turns = Array.from({ length: strands }, (_, strand) => (strand * 2 * Math.PI) / strands)
  return turns.map((turn) => wavyRing(center, inner, outer, petals, turn)).join('')
}

/** A closed polygon of points around a center, alternating between two radii (equal radii: a regular polygon). */
export function star(center: Point, outer: number, inner: number, points: number, turn = -Math.PI / 2): string {
  const corners = Array.from({ length: points * 2 }, (_, i) => {
    const radius = i % 2 === 0 ? outer : inner
    const angle = turn + (i * Math.PI) / points
    return `${two(center[0] + radius * Math.cos(angle))} ${two(center[1] + radius * Math.sin(angle))}`
  })
  return `M${corners.join('L')}Z`
}

/** A regular polygon with rounded corners; `radius` reaches to the corner that the rounding cuts. */
export function roundedPolygon(center: Point, radius: number, sides: number, rounding: number, turn = -Math.PI / 2) {
  const corner = (i: number): Point => {
    const angle = turn + (i * 2 * Math.PI) / sides
    return [center[0] + radius * Math.cos(angle), center[1] + radius * Math.sin(angle)]
  }
  const towards = ([x, y]: Point, [tx, ty]: Point): string => {
    const part = rounding / Math.hypot(tx - x, ty - y)
    return `${two(x + (tx - x) * part)} ${two(y + (ty - y) * part)}`
  }
  let data = ''
  for (let i = 0; i < sides; i++) {
    const at = corner(i)
    data += `${i === 0 ? 'M' : 'L'}${towards(at, corner(i - 1))}Q${at.map(two).join(' ')} ${towards(at, corner(i + 1))}`
  }
  return `${data}Z`
}
