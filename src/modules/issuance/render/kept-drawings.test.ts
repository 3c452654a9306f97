import { expect, test } from 'vitest'
import { drawBuiltInDesigns } from '../../../../test/render/draw-built-in.ts'
import kept from './kept-drawings.json' with { type: 'json' }

test('what is kept of the built-in designs is what pdfme draws of them: else run npm run drawings', async () => {
  expect(kept).toEqual(await drawBuiltInDesigns())
})
