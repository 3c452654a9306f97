import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, placeholder } from 'drizzle-orm'
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
  /** Since when nothing new is issued with it. */
  readonly archivedAt: Date | null
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
  archivedAt: templates.archivedAt,
})

const unknown = () => new Problem('not-found', 'There is no such template; GET /v1/templates lists what there is.')

/**
 * For the transaction that issues with it. What was accepted before it was archived goes on; throws
 * `Problem('state-refused')`.
 */
export function refuseArchived({ archivedAt }: Template): void {
  if (archivedAt !== null)
    throw new Problem('state-refused', 'The template is archived: issue with another, or take it back with POST /v1/templates/{slug}/unarchive.')
}

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

// Two queries, because one with an `or` takes SQLite as long as ten.
const latestBySlug = preparedQuery<IssuanceTables, { organizationId: string; slug: string }>()((queries, tables) =>
  latest(queries, tables).where(
    and(
      eq(tables.templates.organizationId, placeholder('organizationId')),
      eq(tables.templates.slug, placeholder('slug')),
    ),
  ))

const latestById = preparedQuery<IssuanceTables, { organizationId: string; id: string }>()((queries, tables) =>
  latest(queries, tables).where(
    and(eq(tables.templates.organizationId, placeholder('organizationId')), eq(tables.templates.id, placeholder('id'))),
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
  const found = await findWritten({ database }, organizationId, slugOrId)
  if (found) return found
  const { content } = unusedTemplate(slugOrId)
  await database.transaction((tx) => writeFirstVersion(tx, organizationId, slugOrId, content, now()))
  const written = await findWritten({ database }, organizationId, slugOrId)
  if (!written) throw new Error('A template that was just written is not there.')
  return written
}

async function findWritten(
  { database }: Pick<Store, 'database'>,
  organizationId: OrganizationId,
  slugOrId: string,
): Promise<Template | undefined> {
  const [bySlug] = await database.run(latestBySlug, { organizationId, slug: slugOrId })
  return bySlug ?? (await database.run(latestById, { organizationId, id: slugOrId }))[0]
}

/** A built-in template that the organization has not used yet. Throws `Problem('not-found')`. */
function unusedTemplate(slug: string): Template {
  const content = Object.hasOwn(builtInTemplates, slug) ? builtInTemplates[slug] : undefined
  if (!content) throw unknown()
  return { id: slug, slug, version: 1, content, archivedAt: null }
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

/** One version of a template, by slug or id; without a version the newest. Writes nothing. Throws `Problem('not-found')`. */
export async function findVersion(
  store: Pick<Store, 'database'>,
  organizationId: OrganizationId,
  slugOrId: string,
  version: number | undefined,
): Promise<Template> {
  const newest = (await findWritten(store, organizationId, slugOrId)) ?? unusedTemplate(slugOrId)
  if (version === undefined || version === newest.version) return newest
  const [found] = await store.database.run(versionOf, { templateId: newest.id, version })
  if (!found) throw new Problem('not-found', `The template has no version ${version}; GET /v1/templates/{slug}/versions lists them.`)
  return found
}

/** The versions of a template, newest first; `next` is the version to give as `after`. */
export async function listVersions(
  store: Store,
  organizationId: OrganizationId,
  slugOrId: string,
  { after, limit }: { after?: number | undefined; limit: number },
): Promise<{ versions: { version: number; createdAt: Date }[]; next: number | null }> {
  const { id } = await findTemplate(store, organizationId, slugOrId)
  const { templateVersions } = store.database.tables
  const found = await store.database.read
    .select({ version: templateVersions.version, createdAt: templateVersions.createdAt })
    .from(templateVersions)
    .where(and(eq(templateVersions.templateId, id), after === undefined ? undefined : lt(templateVersions.version, after)))
    .orderBy(desc(templateVersions.version))
    .limit(limit + 1)
  const versions = found.slice(0, limit)
  return { versions, next: found.length > limit ? (versions.at(-1)?.version ?? null) : null }
}

/**
 * A page of an organization's templates, oldest first. Behind the last of those in use stand the built-in ones that it
 * has not used yet.
 */
export async function listTemplates(
  { database }: Pick<Store, 'database'>,
  organizationId: OrganizationId,
  { archived, after, limit }: { archived: boolean; after?: string | undefined; limit: number },
): Promise<{ templates: Template[]; next: string | null }> {
  const { templates } = database.tables
  const own = eq(templates.organizationId, organizationId)
  const found = await latest(database.read, database.tables)
    .where(and(
      own,
      archived ? isNotNull(templates.archivedAt) : isNull(templates.archivedAt),
      after === undefined ? undefined : gt(templates.id, after),
    ))
    .orderBy(asc(templates.id))
    .limit(limit + 1)
  if (found.length > limit) return { templates: found.slice(0, limit), next: found[limit - 1]!.id }
  if (archived) return { templates: found, next: null }
  const used = await database.read
    .select({ slug: templates.slug })
    .from(templates)
    .where(and(own, inArray(templates.slug, Object.keys(builtInTemplates))))
  const slugs = new Set(used.map(({ slug }) => slug))
  const unused = Object.keys(builtInTemplates)
    .filter((slug) => !slugs.has(slug))
    .map(unusedTemplate)
  return { templates: [...found, ...unused], next: null }
}

export interface SaveOptions {
  /** The version that the change was made from: refuses with `Problem('precondition-failed')` when another is the newest. */
  readonly expectedVersion?: number | undefined
  /** Writes what the content refers to, in the same transaction. */
  readonly write?: (tx: Transaction<IssuanceTables>, createdAt: Date) => Promise<void>
}

/** A new template, or a new version of the one with this slug; the content that it has already is no new version. */
export async function saveTemplate(
  { database, now }: Store,
  organizationId: OrganizationId,
  slug: string,
  content: TemplateContent,
  { expectedVersion, write }: SaveOptions = {},
): Promise<Template> {
  return database.transaction(async (tx) => {
    const { templates, templateVersions } = tx.tables
    const createdAt = now()
    const builtIn = Object.hasOwn(builtInTemplates, slug) ? builtInTemplates[slug] : undefined
    // A built-in one counts as version 1 before it is written down.
    if (builtIn) await writeFirstVersion(tx, organizationId, slug, builtIn, createdAt)
    const firstId = expectedVersion === undefined ? await writeFirstVersion(tx, organizationId, slug, content, createdAt) : undefined
    if (firstId !== undefined) {
      await write?.(tx, createdAt)
      await tx.audit({ organizationId, action: 'template.created', target: firstId })
      return { id: firstId, slug, version: 1, content, archivedAt: null }
    }
    const [row] = await latestInTransaction(tx, organizationId, slug)
    if (!row || (expectedVersion !== undefined && expectedVersion !== row.version))
      throw new Problem('precondition-failed', 'The template is not as it was when you read it; read it again, and send your change of what it says now.')
    if (isDeepStrictEqual(row.content, content)) return row
    const version = row.version + 1
    const moved = await tx
      .update(templates)
      .set({ latestVersion: version })
      .where(and(eq(templates.id, row.id), eq(templates.latestVersion, row.version)))
      .returning({ id: templates.id })
    if (moved.length === 0)
      throw new Problem('conflict', 'Somebody else changed this template at the same moment; read it and send yours again.')
    await write?.(tx, createdAt)
    await tx.insert(templateVersions).values({ templateId: row.id, version, organizationId, content, createdAt })
    await tx.audit({ organizationId, action: 'template.changed', target: row.id, details: { version } })
    return { ...row, version, content }
  })
}

const latestInTransaction = (tx: Transaction<IssuanceTables>, organizationId: OrganizationId, slug: string) =>
  latest(tx, tx.tables).where(and(eq(tx.tables.templates.organizationId, organizationId), eq(tx.tables.templates.slug, slug)))

/** Makes a template of what another says; what becomes of either does nothing to the other. */
export async function duplicateTemplate(
  tx: Transaction<IssuanceTables>,
  organizationId: OrganizationId,
  source: Template,
  slug: string,
  createdAt: Date,
): Promise<Template> {
  const taken = Object.hasOwn(builtInTemplates, slug)
  const id = taken ? undefined : await writeFirstVersion(tx, organizationId, slug, source.content, createdAt)
  if (id === undefined) throw new Problem('already-exists', 'There is a template with this slug; choose another.')
  await tx.audit({ organizationId, action: 'template.created', target: id, details: { duplicateOf: source.id, version: source.version } })
  return { id, slug, version: 1, content: source.content, archivedAt: null }
}

/** Archives a template or takes it back; doing it again changes nothing. */
export async function archiveTemplate(
  store: Store,
  organizationId: OrganizationId,
  found: Template,
  archive: boolean,
): Promise<Template> {
  return store.database.transaction(async (tx) => {
    const { templates } = tx.tables
    const archivedAt = archive ? store.now() : null
    const moved = await tx
      .update(templates)
      .set({ archivedAt })
      .where(and(eq(templates.id, found.id), archive ? isNull(templates.archivedAt) : isNotNull(templates.archivedAt)))
      .returning({ id: templates.id })
    if (moved.length > 0)
      await tx.audit({ organizationId, action: archive ? 'template.archived' : 'template.unarchived', target: found.id })
    const [row] = await latestInTransaction(tx, organizationId, found.slug)
    if (!row) throw unknown()
    return row
  })
}
