import { hash } from 'node:crypto'
import type { Design } from './designs/design.ts'
import kept from './kept-drawings.json' with { type: 'json' }
import type { StaticPage } from './static-page.ts'

/** The name of a drawing: it stands for exactly what is drawn. */
export const drawingKey = ({ template }: Pick<Design, 'template'>): string => hash('sha256', JSON.stringify(template), 'hex')

/**
 * What pdfme drew of a built-in design, kept because to load pdfme takes seconds of a processor, and because a published
 * version is never changed, by a later pdfme neither. `npm run drawings` writes the file.
 */
export function keptDrawing(design: Design): StaticPage | undefined {
  return (kept as Record<string, StaticPage | undefined>)[drawingKey(design)]
}
