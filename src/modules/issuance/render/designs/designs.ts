import { RenderInputError } from '../input.ts'
import { badgeModern } from './badge-modern.ts'
import { certificateClassic } from './certificate-classic.ts'
import { certificateDiploma } from './certificate-diploma.ts'
import { certificateMinimal } from './certificate-minimal.ts'
import { certificateModern } from './certificate-modern.ts'
import type { Design } from './design.ts'

/** The designs that come with the product, with every version that was ever published. */
export const builtInDesigns: readonly Design[] = [
  certificateClassic, badgeModern, certificateModern, certificateDiploma, certificateMinimal,
]

/** A built-in design by id; without a version the newest. Throws RenderInputError if there is none. */
export function findDesign(id: string, version?: number): Design {
  const found = builtInDesigns
    .filter((design) => design.id === id && (version === undefined || design.version === version))
    .sort((a, b) => b.version - a.version)[0]
  if (!found) throw new RenderInputError(`There is no design ${id}${version === undefined ? '' : ` ${version}`}`)
  return found
}
