import { describe, expect, test } from 'vitest'
import { outlineOf, parseFont, placedOutline } from './font.ts'
import { fontNames, loadFont } from './fonts.ts'
import { subsetFont } from './subset.ts'

describe('a subset', () => {
  test.each(fontNames)('of %s draws its glyphs as the whole font does', async (name) => {
    const font = await loadFont(name)
    const glyphs = [0, 3, 17, 40, 55, 60].filter((glyph) => glyph < 200)
    const subset = parseFont('subset', subsetFont(font, glyphs.map((glyph) => outlineOf(font, glyph))))
    glyphs.forEach((glyph, index) => {
      expect(subset.shaper.glyphToPath(index)).toBe(font.shaper.glyphToPath(glyph))
      expect(subset.shaper.glyphHAdvance(index)).toBe(font.shaper.glyphHAdvance(glyph))
    })
  })

  test('moves a placed glyph and keeps its advance', async () => {
    const font = await loadFont('NotoNaskhArabic-Regular')
    const glyph = font.shaper.nominalGlyph(0x064e)!
    const subset = parseFont('subset', subsetFont(font, [outlineOf(font, 0), placedOutline(font, glyph, 100, -50)]))
    const points = (path: string) =>
      Array.from(path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g), ([, x, y]) => [Number(x), Number(y)])
    const plain = points(font.shaper.glyphToPath(glyph))
    expect(plain.length).toBeGreaterThan(3)
    expect(points(subset.shaper.glyphToPath(1))).toEqual(plain.map(([x, y]) => [x! + 100, y! - 50]))
    const [before, after] = [font.shaper.glyphExtents(glyph)!, subset.shaper.glyphExtents(1)!]
    expect([after.xBearing - before.xBearing, after.yBearing - before.yBearing]).toEqual([100, -50])
    expect(subset.shaper.glyphHAdvance(1)).toBe(font.shaper.glyphHAdvance(glyph))
  })
})
