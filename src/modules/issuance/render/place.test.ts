import { describe, expect, test } from 'vitest'
import { sampleRows } from '../../../../test/render/sample.ts'
import { builtInDesigns } from './designs/designs.ts'
import { placeText } from './place.ts'
import { textBoxes } from './text-box.ts'

const LONGEST = 'Wolfeschlegelsteinhausenbergerdorff-Nguyễn-Nguyễn-Nguyễn-Nguyễn-Nguyễn-Nguyễn-Smith'

const boxes = builtInDesigns.flatMap((design) =>
  textBoxes(design)
    .filter(({ fixed }) => !fixed)
    .map((box) => ({ design: design.id, field: box.name, box })),
)

describe.each(boxes)('$field of $design', ({ box }) => {
  const texts = [
    'A',
    LONGEST,
    'Pneumonoultramicroscopicsilicovolcanoconiosis '.repeat(6),
    'W'.repeat(300),
    'สุรางรัตน์เกตุค้างพลู'.repeat(10),
    '机器学习入门与实践'.repeat(20),
    'مقدمة في أمن المعلومات والاتصالات '.repeat(8),
    'x'.repeat(2_000),
  ]

  test.each(texts)('holds all of %.30s', async (text) => {
    const placed = await placeText(text, box, 'en')
    expect(placed.lines.map((line) => line.text).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    for (const { x, y, width } of placed.positions) {
      expect(x).toBeGreaterThanOrEqual(box.x - 0.01)
      expect(x + width).toBeLessThanOrEqual(box.x + box.width + 0.01)
      expect(y).toBeGreaterThanOrEqual(box.y - 0.01)
      expect(y + placed.size * 0.72).toBeLessThanOrEqual(box.y + box.height + 0.01)
    }
  })
})

test('the longest name of the sample is large enough to read on every design', async () => {
  expect(sampleRows().map(({ name }) => name)).toContain(LONGEST)
  for (const { field, box } of boxes) {
    if (field !== 'recipientName') continue
    const { size, lines } = await placeText(LONGEST, box, 'pt')
    expect(size).toBeGreaterThan(12)
    expect(lines.length).toBeLessThanOrEqual(3)
  }
})

test('a text that fits has the size that the design wants', async () => {
  for (const { box } of boxes) expect((await placeText('Ada', box, 'en')).size).toBe(box.size)
})
