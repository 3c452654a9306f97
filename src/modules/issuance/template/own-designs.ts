import { and, eq } from 'drizzle-orm'
import { createHash } from 'node:crypto'
import { inContext } from '#platform/context.ts'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { Images } from '../image/images.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { DesignImage, DesignSource } from '../render/designs/design.ts'
import type { IssuanceTables } from '../tables.ts'
import { designOfTemplate, type OwnTemplate, pictureIds } from './own-template.ts'

const prefix = 'own:'

/** How a template's content names a page that the organization designed itself. */
export const ownDesign = (template: OwnTemplate): string =>
  prefix + createHash('sha256').update(JSON.stringify(template)).digest('hex')

export const isOwnDesign = (design: string): boolean => design.startsWith(prefix)

/** Safe to write again. */
export async function writeOwnDesign(
  tx: Transaction<IssuanceTables>,
  organizationId: OrganizationId,
  design: string,
  template: OwnTemplate,
  createdAt: Date,
): Promise<void> {
  const { templateDesigns } = tx.tables
  await tx
    .insert(templateDesigns)
    .values({ organizationId, digest: design.slice(prefix.length), template, createdAt })
    .onConflictDoNothing({ target: [templateDesigns.organizationId, templateDesigns.digest] })
}

export interface OwnDesigns {
  /** The page of a design that `isOwnDesign`. */
  template(organizationId: OrganizationId, design: string): Promise<OwnTemplate>
  /** What the renderer takes for the design of a template's content, built-in or not. */
  forRendering(organizationId: OrganizationId, design: string): string | DesignSource
}

export function createOwnDesigns({ database }: Pick<IssuanceContext, 'database'>, images: Images): OwnDesigns {
  const { templateDesigns } = database.tables

  async function template(organizationId: OrganizationId, design: string): Promise<OwnTemplate> {
    const [found] = await database.read
      .select({ template: templateDesigns.template })
      .from(templateDesigns)
      .where(and(eq(templateDesigns.organizationId, organizationId), eq(templateDesigns.digest, design.slice(prefix.length))))
    if (!found) throw new Error('A design that a template refers to is not there.')
    return found.template
  }

  return {
    template,
    forRendering(organizationId, design) {
      if (!isOwnDesign(design)) return design
      const key = `${organizationId} ${design}`
      // A render worker asks for it at a time of its own, outside of what asked for the document.
      const load = () =>
        inContext({ organizationId }, async () => {
          const page = await template(organizationId, design)
          const pictures = new Map<string, DesignImage>()
          for (const id of pictureIds(page)) pictures.set(id, await images.read(organizationId, id))
          return designOfTemplate(key, page, pictures)
        })
      return { key, load }
    },
  }
}
