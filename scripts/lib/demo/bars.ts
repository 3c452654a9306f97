const width = 24
const label = 10

/** Lines on standard error that fill up; in a terminal in place, elsewhere one line whenever a bar is full. */
export interface Bars {
  set(name: string, count: number): void
  /** What full means; unknown until then. */
  total(total: number): void
  /** Leaves the bars as they are. */
  end(): void
}

/** Draws a bar for each name. Nothing else may write to standard error until `end`. */
export function drawBars(names: readonly string[], output: NodeJS.WriteStream = process.stderr): Bars {
  const counts = new Map(names.map((name) => [name, 0]))
  const full = new Set<string>()
  let total = 0
  let drawn = false

  const line = (name: string): string => {
    const count = counts.get(name) ?? 0
    const part = total === 0 ? 0 : Math.min(1, count / total)
    const filled = Math.round(part * width)
    return `${name.padEnd(label)} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${count}${total > 0 ? `/${total}` : ''}`
  }
  const draw = () => {
    if (output.isTTY) {
      output.write(`${drawn ? `\u001b[${names.length}A` : ''}${names.map((name) => `\u001b[2K${line(name)}\n`).join('')}`)
      drawn = true
      return
    }
    for (const name of names) {
      if (total === 0 || (counts.get(name) ?? 0) < total || full.has(name)) continue
      full.add(name)
      output.write(`${line(name)}\n`)
    }
  }
  draw()
  return {
    set(name, count) {
      if (counts.get(name) === count) return
      counts.set(name, count)
      draw()
    },
    total(value) {
      total = value
      draw()
    },
    end: draw,
  }
}
