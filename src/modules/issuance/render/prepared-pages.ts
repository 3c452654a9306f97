import type { Design } from './designs/design.ts'
import { findDesign } from './designs/designs.ts'
import type { RenderInput } from './input.ts'
import { type PreparedPage, preparePage } from './prepare.ts'
import { createRecent } from './recent.ts'

const MEGABYTE = 1024 * 1024
/** Per thread. A design without pictures is some kilobytes, its page as well. */
const DESIGN_BYTES = 24 * MEGABYTE
const PAGE_BYTES = 48 * MEGABYTE
/** What a design or a page takes beside its pictures, roughly. */
const LEAST_BYTES = 64 * 1024

const pictureBytes = ({ images }: Design): number => [...(images?.values() ?? [])].reduce((sum, { bytes }) => sum + bytes.length, 0)

const builtIn = new Map<string, Promise<PreparedPage>>()
const designs = createRecent<Design>(DESIGN_BYTES, (design) => LEAST_BYTES + pictureBytes(design))
const pages = createRecent<PreparedPage>(PAGE_BYTES, (page) => LEAST_BYTES + page.prefix.bytes.length)

/** The design that an input names. Throws RenderInputError when there is none. */
export async function designOf({ design, designVersion }: Pick<RenderInput, 'design' | 'designVersion'>): Promise<Design> {
  return typeof design === 'string' ? findDesign(design, designVersion) : designs.get(design.key, () => design.load())
}

/** The page of a design in one of its languages, prepared when it is first asked for and kept. */
export function preparedPage(input: Pick<RenderInput, 'design'>, design: Design, language: string): Promise<PreparedPage> {
  if (typeof input.design !== 'string') return pages.get(`${input.design.key} ${language}`, () => preparePage(design, language))
  const key = `${design.id} ${design.version} ${language}`
  let page = builtIn.get(key)
  if (!page) {
    page = preparePage(design, language)
    page.catch(() => builtIn.delete(key))
    builtIn.set(key, page)
  }
  return page
}
