import { and, asc, eq, or, placeholder } from 'drizzle-orm'
import { isDeepStrictEqual } from 'node:util'
import { uuidv7 } from 'uuidv7'
import type { Database, Queries, Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceTables, TemplateContent } from '../tables.ts'
import { builtInTemplates } from './built-in-templates.ts'

/** A template as of one version; what was issued with it keeps it. */
export interface Template {
  readonly id: string
  readonly slug: string
  readonly version: number
  readonly content: TemplateContent
}

interface Store {
  readonly database: Database<IssuanceTables>
  readonly now: () => Date
}

const columns = ({ templates, templateVersions }: IssuanceTables) => ({
  id: templates.id,
  slug: templates.slug,
  version: templateVersions.version,
  content: templateVersions.content,
})

const latest = (queries: Queries, tables: IssuanceTables) => {
  const { templates, templateVersions } = tables
  return queries
    .select(columns(tables))
    .from(templates)
    .innerJoin(
      templateVersions,
      and(eq(templateVersions.templateId, templates.id), eq(templateVersions.version, templates.latestVersion)),
    )
}

const latestOf = preparedQuery<IssuanceTables, { organizationId: string; slugOrId: string }>()((queries, tables) =>
  latest(queries, tables).where(
    and(
      eq(tables.templates.organizationId, placeholder('organizationId')),
      or(eq(tables.templates.slug, placeholder('slugOrId')), eq(tables.templates.id, placeholder('slugOrId'))),
    ),
  ))

/**
 * The newest version of a template, by slug or id. A built-in one is written down for the organization when it is first
 * asked for. Throws `Problem('not-found')`.
 */
export async function findTemplate(
  { database, now }: Store,
  organizationId: OrganizationId,
  slugOrId: string,
): Promise<Template> {
  const find = async (): Promise<Template | undefined> =>
    (await database.run(latestOf, { organizationId, slugOrId }))[0]
  const found = await find()
  if (found) return found
  const content = Object.hasOwn(builtInTemplates, slugOrId) ? builtInTemplates[slugOrId] : undefined
  if (!content)
    throw new Problem('not-found', 'There is no such template; GET /v1/templates lists what there is.')
  await database.transaction((tx) => writeFirstVersion(tx, organizationId, slugOrId, content, now()))
  const written = await find()
  if (!written) throw new Error('A template that was just written is not there.')
  return written
}

/** Writing it twice, even at once, leaves one. */
async function writeFirstVersion(
  tx: Transaction<IssuanceTables>,
  organizationId: OrganizationId,
  slug: string,
  content: TemplateContent,
  createdAt: Date,
): Promise<string | undefined> {
  const { templates, templateVersions } = tx.tables
  const id = uuidv7()
  const [row] = await tx
    .insert(templates)
    .values({ id, organizationId, slug, latestVersion: 1, createdAt })
    .onConflictDoNothing({ target: [templates.organizationId, templates.slug] })
    .returning({ id: templates.id })
  if (!row) return undefined
  await tx.insert(templateVersions).values({ templateId: id, version: 1, organizationId, content, createdAt })
  return id
}

const versionOf = preparedQuery<IssuanceTables, { templateId: string; version: number }>()((queries, tables) =>
  queries
    .select(columns(tables))
    .from(tables.templateVersions)
    .innerJoin(tables.templates, eq(tables.templates.id, tables.templateVersions.templateId))
    .where(
      and(
        eq(tables.templateVersions.templateId, placeholder('templateId')),
        eq(tables.templateVersions.version, placeholder('version')),
      ),
    ))

/** One version of a template, for what was issued with it. */
export async function templateVersion(
  { database }: Pick<Store, 'database'>,
  templateId: string,
  version: number,
): Promise<Template> {
  const [found] = await database.run(versionOf, { templateId, version })
  if (!found) throw new Error(`Template ${templateId} has no version ${version}.`)
  return found
}

/** All of an organization, the built-in ones that it has not used yet among them. */
export async function listTemplates({ database }: Pick<Store, 'database'>, organizationId: OrganizationId): Promise<Template[]> {
  const { templates } = database.tables
  const own = await latest(database.read, database.tables)
    .where(eq(templates.organizationId, organizationId))
    .orderBy(asc(templates.slug))
  const slugs = new Set(own.map((template) => template.slug))
  const builtIn = Object.entries(builtInTemplates)
    .filter(([slug]) => !slugs.has(slug))
    .map(([slug, content]) => ({ id: slug, slug, version: 1, content }))
  return [...own, ...builtIn]
}

/** A new template, or a new version of the one with this slug; the content that it has already is no new version. */
export async function saveTemplate(
  { database, now }: Store,
  organizationId: OrganizationId,
  slug: string,
  content: TemplateContent,
): Promise<Template> {
  return database.transaction(async (tx) => {
    const { templates, templateVersions } = tx.tables
    const createdAt = now()
    const firstId = await writeFirstVersion(tx, organizationId, slug, content, createdAt)
    if (firstId !== undefined) {
      await tx.audit({ organizationId, action: 'template.created', target: firstId })
      return { id: firstId, slug, version: 1, content }
    }
    const [row] = await tx
      .select({ id: templates.id, version: templates.latestVersion, content: templateVersions.content })
      .from(templates)
      .innerJoin(
        templateVersions,
        and(eq(templateVersions.templateId, templates.id), eq(templateVersions.version, templates.latestVersion)),
      )
      .where(and(eq(templates.organizationId, organizationId), eq(templates.slug, slug)))
    if (!row) throw new Error('A template that is in the way is not there.')
    if (isDeepStrictEqual(row.content, content)) return { id: row.id, slug, version: row.version, content }
    const version = row.version + 1
    const moved = await tx
      .update(templates)
      .set({ latestVersion: version })
      .where(and(eq(templates.id, row.id), eq(templates.latestVersion, row.version)))
      .returning({ id: templates.id })
    if (moved.length === 0)
      throw new Problem('conflict', 'Somebody else changed this template at the same moment; read it and send yours again.')
    await tx.insert(templateVersions).values({ templateId: row.id, version, organizationId, content, createdAt })
    await tx.audit({ organizationId, action: 'template.changed', target: row.id, details: { version } })
    return { id: row.id, slug, version, content }
  })
}
