import type pg from 'pg'
import { postgresSchemaName } from './columns.ts'

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Makes the module's role and schema. The role cannot log in and owns nothing; connections of the module switch to it, so
 * that the table of another module is refused by the database itself.
 * @throws one sentence with what to run when this connection may not do it and nobody has
 */
export async function prepareRole(client: pg.ClientBase, module: string): Promise<void> {
  const name = postgresSchemaName(module)
  const { rows: [state] } = await client.query(
    `select exists (select from pg_roles where rolname = $1) as role,
       exists (select from pg_roles where rolname = current_user and (rolsuper or rolcreaterole)) as may,
       exists (select from pg_roles where rolname = $1 and (rolsuper or rolbypassrls or rolcanlogin)) as strong`,
    [name],
  )
  if (state.strong) {
    throw new Error(`The role ${name} may log in or bypass row-level security; run: alter role ${name} nologin nosuperuser nobypassrls`)
  }
  if (!state.role) {
    if (!state.may) {
      throw new Error(`The database user may not create roles; run as an administrator: create role ${name} nologin; grant ${name} to current_user with admin option`)
    }
    // Roles belong to the whole server: another database's start may be making the same one.
    await client.query(
      `do $$ begin create role ${quote(name)} nologin; exception when duplicate_object or unique_violation then null; end $$`,
    )
  }
  // From Postgres 16 on the creator of a role holds it with ADMIN alone: a member that may not SET ROLE.
  const { rows: [member] } = await client.query(
    `select pg_has_role(current_user, $1, case when current_setting('server_version_num')::int >= 160000
       then 'SET' else 'member' end) as yes`,
    [name],
  )
  if (!member.yes) await client.query(`grant ${quote(name)} to current_user`)
  await client.query(`create schema if not exists ${quote(name)}`)
}

/** Gives the role its schema's tables, and puts row-level security on those that belong to organizations. */
export async function grantAccess(client: pg.ClientBase, module: string, tenantTables: readonly string[]): Promise<void> {
  const name = postgresSchemaName(module)
  const schema = quote(name)
  await client.query(`
    grant usage on schema ${schema} to ${quote(name)};
    grant select, insert, update, delete on all tables in schema ${schema} to ${quote(name)};
    revoke insert, update, delete on ${schema}.vellum_migrations from ${quote(name)}`)
  const { rows } = await client.query(
    `select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where nspname = $1 and relrowsecurity and relforcerowsecurity
       and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'organization')`,
    [name],
  )
  const secured = new Set(rows.map(({ relname }) => relname as string))
  for (const table of tenantTables.filter((table) => !secured.has(table))) {
    const qualified = `${schema}.${quote(table)}`
    // Without the setting the comparison is null: no row. The installation's rows belong to no tenant.
    const allowed = `organization_id = 'installation'
      or current_setting('vellum.organization', true) in (organization_id, '*')`
    await client.query(`
      alter table ${qualified} enable row level security;
      alter table ${qualified} force row level security;
      drop policy if exists organization on ${qualified};
      create policy organization on ${qualified} using (${allowed}) with check (${allowed})`)
  }
}
