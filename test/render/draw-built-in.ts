import { builtInDesigns } from '../../src/modules/issuance/render/designs/designs.ts'
import { drawingKey } from '../../src/modules/issuance/render/kept-drawings.ts'
import { drawStaticPage, type StaticPage } from '../../src/modules/issuance/render/static-page.ts'

/** Has pdfme draw every page of the built-in designs, of those with a right-to-left page that too. */
export async function drawBuiltInDesigns(): Promise<Record<string, StaticPage>> {
  const drawings: Record<string, StaticPage> = {}
  for (const design of builtInDesigns) {
    for (const template of [design.template, design.rightToLeft ?? design.template]) {
      const page = { ...design, template }
      drawings[drawingKey(page)] = await drawStaticPage(page)
    }
  }
  return drawings
}
