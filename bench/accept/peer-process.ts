/**
 * The peer: what one writes who takes stock parts and thinks no further. Hono, jose on every request, drizzle building its
 * queries, one transaction with four rows a request on better-sqlite3, WAL and synchronous=FULL. It seals nothing, keeps no
 * recipients, draws no status index and chains no audit.
 *
 * Environment: PORT, DATABASE_FILE, ISSUER (also the audience), JWKS.
 */
import { createHash, randomUUID } from 'node:crypto'
import { serve } from '@hono/node-server'
import Sqlite from 'better-sqlite3'
import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { Hono } from 'hono'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { z } from 'zod'

const { PORT, DATABASE_FILE, ISSUER, JWKS } = process.env as Record<string, string>

const idempotency = sqliteTable('idempotency', {
  organizationId: text().notNull(),
  key: text().notNull(),
  requestHash: text().notNull(),
  status: integer().notNull(),
  body: text({ mode: 'json' }).notNull(),
  createdAt: integer({ mode: 'timestamp_ms' }).notNull(),
}, (t) => [primaryKey({ columns: [t.organizationId, t.key] })])

const credentials = sqliteTable('credentials', {
  id: text().primaryKey(),
  organizationId: text().notNull(),
  template: text().notNull(),
  businessKey: text().notNull(),
  name: text().notNull(),
  email: text().notNull(),
  achievement: text().notNull(),
  completedOn: text(),
  locale: text(),
  notify: integer({ mode: 'boolean' }).notNull(),
  state: text().notNull(),
  publicId: text().notNull(),
  createdAt: integer({ mode: 'timestamp_ms' }).notNull(),
}, (t) => [uniqueIndex('credentials_by_business_key').on(t.organizationId, t.businessKey)])

const steps = sqliteTable('steps', {
  id: text().primaryKey(),
  kind: text().notNull(),
  key: text().notNull(),
  organizationId: text().notNull(),
  input: text({ mode: 'json' }).notNull(),
  state: text().notNull(),
  attempts: integer().notNull(),
  dueAt: integer({ mode: 'timestamp_ms' }).notNull(),
}, (t) => [uniqueIndex('steps_by_key').on(t.kind, t.key)])

const audit = sqliteTable('audit', {
  id: text().primaryKey(),
  organizationId: text().notNull(),
  action: text().notNull(),
  target: text().notNull(),
  actor: text().notNull(),
  occurredAt: integer({ mode: 'timestamp_ms' }).notNull(),
})

const client = new Sqlite(DATABASE_FILE)
client.pragma('journal_mode = WAL')
client.pragma('synchronous = FULL')
client.exec(`
  create table idempotency (organization_id text not null, key text not null, request_hash text not null, status integer not null,
    body text not null, created_at integer not null, primary key (organization_id, key));
  create table credentials (id text primary key, organization_id text not null, template text not null, business_key text not null,
    name text not null, email text not null, achievement text not null, completed_on text, locale text, notify integer not null,
    state text not null, public_id text not null, created_at integer not null);
  create unique index credentials_by_business_key on credentials (organization_id, business_key);
  create table steps (id text primary key, kind text not null, key text not null, organization_id text not null, input text not null,
    state text not null, attempts integer not null, due_at integer not null);
  create unique index steps_by_key on steps (kind, key);
  create table audit (id text primary key, organization_id text not null, action text not null, target text not null,
    actor text not null, occurred_at integer not null);`)
const db = drizzle(client, { casing: 'snake_case' })

const keys = createLocalJWKSet(JSON.parse(JWKS!))
const Token = z.object({ org: z.string(), client_id: z.string(), scope: z.string() })
const Body = z.strictObject({
  recipient: z.strictObject({ name: z.string().min(1).max(200), email: z.email(), locale: z.string().optional() }),
  achievement: z.strictObject({ name: z.string().min(1).max(200), description: z.string().max(2_000).optional() }),
  template: z.string().max(64).default('certificate-classic'),
  completedOn: z.iso.date().optional(),
  externalId: z.string().max(200).optional(),
  notify: z.boolean().default(true),
})

const app = new Hono()
app.post('/v1/credentials', async (c) => {
  const token = c.req.header('authorization')?.replace(/^Bearer /, '')
  if (!token) return c.json({ error: 'unauthenticated' }, 401)
  const { payload } = await jwtVerify(token, keys, { issuer: ISSUER!, audience: ISSUER!, algorithms: ['EdDSA'], typ: 'at+jwt' })
  const { org: organizationId, client_id, scope } = Token.parse(payload)
  if (!scope.split(' ').includes('credentials:write')) return c.json({ error: 'forbidden' }, 403)
  const key = c.req.header('idempotency-key') ?? randomUUID()
  const raw = await c.req.text()
  const requestHash = createHash('sha256').update(raw).digest('hex')
  const { recipient, achievement, template, completedOn, externalId, notify } = Body.parse(JSON.parse(raw))
  const id = randomUUID()
  const now = new Date()
  const accepted = db.transaction((tx) => {
    const answer = { id, created: true, links: { self: `${ISSUER}/v1/credentials/${id}` } }
    const { changes } = tx.insert(idempotency)
      .values({ organizationId, key, requestHash, status: 202, body: answer, createdAt: now }).onConflictDoNothing().run()
    if (changes === 0) {
      const [stored] = tx.select().from(idempotency)
        .where(and(eq(idempotency.organizationId, organizationId), eq(idempotency.key, key))).all()
      return stored!.requestHash === requestHash ? stored!.body : undefined
    }
    tx.insert(credentials).values({
      id, organizationId, template, businessKey: `${template}/${externalId ?? recipient.email.toLowerCase()}`,
      name: recipient.name, email: recipient.email.toLowerCase(), achievement: achievement.name, completedOn,
      locale: recipient.locale, notify, state: 'accepted', publicId: randomUUID(), createdAt: now,
    }).run()
    tx.insert(steps).values({
      id: randomUUID(), kind: 'sign', key: id, organizationId, input: { credentialId: id }, state: 'ready', attempts: 0, dueAt: now,
    }).run()
    tx.insert(audit).values({
      id: randomUUID(), organizationId, action: 'credential.accepted', target: id, actor: client_id, occurredAt: now,
    }).run()
    return answer
  })
  return accepted ? c.json(accepted, 202) : c.json({ error: 'idempotency-mismatch' }, 422)
})
/** For the bench `batch`: one row, and nothing else. */
app.post('/rows', async (c) => {
  const { name, email } = await c.req.json() as { name: string; email: string }
  const id = randomUUID()
  db.insert(audit).values({ id, organizationId: 'one', action: name, target: email, actor: 'peer', occurredAt: new Date() }).run()
  return c.json({ id }, 201)
})
app.get('/readyz', (c) => c.text('ready'))

serve({ fetch: app.fetch, port: Number(PORT) })
