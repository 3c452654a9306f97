/** Files of a small project, by path. */
export type Tree = Record<string, string>

/**
 * A project of two modules that keeps every boundary: bravo asks alpha by contract and listens to its events, rules
 * are pure, and only the database layer knows a driver.
 */
export const clean: Tree = {
  'src/main.ts': `import { modules } from './modules.ts'\nexport const names = Object.keys(modules)\n`,
  'src/modules.ts': `export const modules = {
  alpha: () => import('./modules/alpha/module.ts'),
  bravo: () => import('./modules/bravo/module.ts'),
}\n`,
  'src/platform/contract.ts': `export const contract = <T>(value: T): T => value\n`,
  'src/platform/event.ts': `export const defineEvent = <T>(value: T): T => value\n`,
  'src/platform/database/columns.ts': `import { text } from 'drizzle-orm/sqlite-core'\nexport const columns = { text }\n`,
  'src/platform/database/sqlite.ts':
    `import Database from 'better-sqlite3'\nimport { sql } from 'drizzle-orm'\nexport const open = (path: string) => new Database(path)\nexport const one = sql\`select 1 from alpha_things\`\n`,
  'src/platform/http/app.ts': `import { Hono } from 'hono'\nexport const app = () => new Hono()\n`,
  'src/modules/alpha/index.ts': `export { alpha } from './contract.ts'\nexport { thingMade } from './events.ts'\n`,
  'src/modules/alpha/contract.ts':
    `import { z } from 'zod'\nimport { contract } from '#platform/contract.ts'\nexport const alpha = contract({ thing: z.object({ id: z.string() }) })\n`,
  'src/modules/alpha/events.ts':
    `import { z } from 'zod'\nimport { defineEvent } from '#platform/event.ts'\nexport const thingMade = defineEvent({ name: 'thing.made', data: z.object({ id: z.string() }) })\n`,
  'src/modules/alpha/module.ts':
    `import { alpha } from './contract.ts'\nimport { thingStore } from './thing/thing-store.ts'\nexport default { alpha, thingStore }\n`,
  'src/modules/alpha/tables.ts': `import { columns } from '#platform/database/columns.ts'\nexport const things = { id: columns.text }\n`,
  'src/modules/alpha/thing/state.ts': `import type { ThingName } from './name-rules.ts'\nexport type Thing = { name: ThingName }\n`,
  'src/modules/alpha/thing/name-rules.ts':
    `export type ThingName = string\nexport const advice = 'Select a name from the list. Delete from the end.'\nexport const isName = (text: string) => text.length > 0\n`,
  'src/modules/alpha/thing/list-rules.ts':
    `import type { Store } from './thing-store.ts'\nimport type { Made } from './made.ts'\nexport type List = { store: Store, made: Made }\n`,
  'src/modules/alpha/thing/made.ts': `import type { Hono } from 'hono'\nexport type Made = { app: Hono }\n`,
  'src/modules/alpha/thing/thing-store.ts':
    `import { things } from '../tables.ts'\nimport { isName } from './name-rules.ts'\nexport type Store = typeof thingStore\nexport const thingStore = { things, isName }\n`,
  'src/modules/bravo/index.ts': `export { bravo } from './contract.ts'\n`,
  'src/modules/bravo/contract.ts':
    `import { alpha } from '#modules/alpha/index.ts'\nimport { contract } from '#platform/contract.ts'\nexport const bravo = contract({ alpha })\n`,
  'src/modules/bravo/tables.ts': `import { columns } from '#platform/database/columns.ts'\nexport const copies = { id: columns.text }\n`,
  'src/modules/bravo/module.ts':
    `import { thingMade } from '#modules/alpha/index.ts'\nimport { bravo } from './contract.ts'\nimport { copies } from './tables.ts'\nexport default { bravo, thingMade, copies }\n`,
  'src/modules/bravo/module.test.ts': `import module from './module.ts'\nexport const subject = module\n`,
}

/** One change that breaks one boundary, and the rule that must name it. */
export type Planted = { what: string, rule: string, tree: Tree }

const inBravo = (source: string): Tree => ({ 'src/modules/bravo/copy.ts': source })

export const violations: Planted[] = [
  {
    what: 'a relative import of another module\'s inside',
    rule: 'module-surface',
    tree: inBravo(`import { isName } from '../alpha/thing/name-rules.ts'\nexport const copy = isName\n`),
  },
  {
    what: 'an import of another module\'s inside by #modules',
    rule: 'module-surface',
    tree: inBravo(`import { isName } from '#modules/alpha/thing/name-rules.ts'\nexport const copy = isName\n`),
  },
  {
    what: 'a dynamic import of another module\'s inside',
    rule: 'module-surface',
    tree: inBravo(`export const copy = async () => (await import('#modules/alpha/thing/name-rules.ts')).isName\n`),
  },
  {
    what: 'another module\'s inside, re-exported',
    rule: 'module-surface',
    tree: inBravo(`export * from '../alpha/thing/name-rules.ts'\n`),
  },
  {
    what: 'a type alone from another module\'s inside',
    rule: 'module-surface',
    tree: inBravo(`import type { ThingName } from '#modules/alpha/thing/name-rules.ts'\nexport type Copy = ThingName\n`),
  },
  {
    what: 'another module\'s inside, named in the place of a type',
    rule: 'module-surface',
    tree: inBravo(`export type Copy = import('#modules/alpha/thing/name-rules.ts').ThingName\n`),
  },
  {
    what: 'another module\'s inside, used by a test',
    rule: 'module-surface',
    tree: { 'src/modules/bravo/copy.test.ts': `import { isName } from '../alpha/thing/name-rules.ts'\nexport const copy = isName\n` },
  },
  {
    what: 'another module\'s inside, re-exported by its own index.ts',
    rule: 'surface-is-contract',
    tree: { 'src/modules/alpha/index.ts': `export { alpha } from './contract.ts'\nexport { isName } from './thing/name-rules.ts'\n` },
  },
  {
    what: 'a contract that imports code which runs',
    rule: 'contract-is-data',
    tree: { 'src/modules/alpha/contract.ts': `import { isName } from './thing/name-rules.ts'\nexport const alpha = { isName }\n` },
  },
  {
    what: 'events that import a library',
    rule: 'contract-is-data',
    tree: { 'src/modules/alpha/events.ts': `import { Hono } from 'hono'\nexport const thingMade = new Hono()\n` },
  },
  {
    what: 'a module.ts loaded by another than the registry',
    rule: 'only-registry-loads-modules',
    tree: { 'src/main.ts': `import alpha from './modules/alpha/module.ts'\nexport const names = [alpha]\n` },
  },
  {
    what: 'the registry, read by the platform',
    rule: 'only-entries-know-the-registry',
    tree: { 'src/platform/boot.ts': `import { modules } from '../modules.ts'\nexport const boot = () => modules\n` },
  },
  {
    what: 'the platform importing a module\'s public surface',
    rule: 'platform-knows-no-module',
    tree: { 'src/platform/boot.ts': `import { alpha } from '#modules/alpha/index.ts'\nexport const boot = () => alpha\n` },
  },
  {
    what: 'rules importing http',
    rule: 'rules-are-pure',
    tree: { 'src/modules/alpha/thing/name-rules.ts': `import { app } from '#platform/http/app.ts'\nexport type ThingName = string\nexport const isName = app\n` },
  },
  {
    what: 'rules importing a library of http',
    rule: 'rules-are-pure',
    tree: { 'src/modules/alpha/thing/state.ts': `import { Hono } from 'hono'\nexport type Thing = Hono\n` },
  },
  {
    what: 'rules importing the database',
    rule: 'rules-are-pure',
    tree: { 'src/modules/alpha/thing/state.ts': `import { open } from '#platform/database/sqlite.ts'\nexport const thing = open\n` },
  },
  {
    what: 'rules reaching the network of Node',
    rule: 'rules-are-pure',
    tree: { 'src/modules/alpha/thing/state.ts': `import { get } from 'node:https'\nexport const thing = get\n` },
  },
  {
    what: 'rules reaching the database through a file between',
    rule: 'rules-are-pure',
    tree: {
      'src/modules/alpha/thing/state.ts': `import { between } from './between.ts'\nexport const thing = between\n`,
      'src/modules/alpha/thing/between.ts': `import { things } from '../tables.ts'\nexport const between = things\n`,
    },
  },
  {
    what: 'rules of the platform reaching the database',
    rule: 'rules-are-pure',
    tree: { 'src/platform/work/retry-rules.ts': `import { open } from '#platform/database/sqlite.ts'\nexport const retry = open\n` },
  },
  {
    what: 'rules of credentials importing the database',
    rule: 'rules-are-pure',
    tree: { 'src/platform/credentials/proof.ts': `import { open } from '#platform/database/sqlite.ts'\nexport const proof = open\n` },
  },
  {
    what: 'rules of the log importing http',
    rule: 'rules-are-pure',
    tree: { 'src/modules/bravo/log/merkle-tree.ts': `import { Hono } from 'hono'\nexport const root = Hono\n` },
  },
  {
    what: 'a foreign table by import',
    rule: 'own-tables-only',
    tree: inBravo(`import { things } from '#modules/alpha/tables.ts'\nexport const copy = things\n`),
  },
  {
    what: 'a table\'s import by the program',
    rule: 'own-tables-only',
    tree: { 'src/main.ts': `import { things } from './modules/alpha/tables.ts'\nexport const names = things\n` },
  },
  {
    what: 'a foreign table by a schema of the driver',
    rule: 'drivers-stay-in-database',
    tree: inBravo(`import { pgSchema } from 'drizzle-orm/pg-core'\nexport const copy = pgSchema('alpha')\n`),
  },
  {
    what: 'a foreign table by a connection of its own',
    rule: 'drivers-stay-in-database',
    tree: inBravo(`import { Pool } from 'pg'\nexport const copy = new Pool()\n`),
  },
  {
    what: 'a foreign table by the SQLite that Node brings',
    rule: 'drivers-stay-in-database',
    tree: inBravo(`import { DatabaseSync } from 'node:sqlite'\nexport const copy = DatabaseSync\n`),
  },
  {
    what: 'a foreign table by raw SQL',
    rule: 'raw-sql',
    tree: inBravo(`import { sql as query } from 'drizzle-orm'\nexport const copy = query.raw('x')\n`),
  },
  {
    what: 'raw SQL in the rest of the platform',
    rule: 'raw-sql',
    tree: { 'src/platform/http/app.ts': `import { sql } from 'drizzle-orm'\nexport const app = sql\n` },
  },
  {
    what: 'a foreign table by SQL in a string',
    rule: 'raw-sql',
    tree: inBravo('export const copy = (db: { run(text: string): void }, id: string) => db.run(`select * from alpha.things where id = ${id}`)\n'),
  },
  {
    what: 'a foreign table by the driver under drizzle',
    rule: 'raw-sql',
    tree: inBravo(`export const copy = (db: { $client: unknown }) => db.$client\n`),
  },
  {
    what: 'a foreign table by its SQLite file',
    rule: 'own-files-only',
    tree: inBravo(`export const copy = (folder: string) => folder + '/alpha.sqlite'\n`),
  },
  {
    what: 'a foreign file by its URL',
    rule: 'own-files-only',
    tree: inBravo(`export const copy = new URL('../alpha/thing/name-rules.ts', import.meta.url)\n`),
  },
  {
    what: 'an import whose path is computed',
    rule: 'literal-imports',
    tree: inBravo('export const copy = (name: string) => import(`../${name}/tables.ts`)\n'),
  },
  {
    what: 'the web app importing a module',
    rule: 'console-uses-the-api',
    tree: { 'src/console/app.tsx': `import { alpha } from '#modules/alpha/index.ts'\nexport const app = alpha\n` },
  },
  {
    what: 'product code importing a test',
    rule: 'product-needs-no-test',
    tree: inBravo(`import { subject } from './module.test.ts'\nexport const copy = subject\n`),
  },
  {
    what: 'a cycle',
    rule: 'no-cycle',
    tree: {
      'src/modules/bravo/copy.ts': `import { paste } from './paste.ts'\nexport const copy = () => paste\n`,
      'src/modules/bravo/paste.ts': `import { copy } from './copy.ts'\nexport const paste = () => copy\n`,
    },
  },
  {
    what: 'an import that leads nowhere',
    rule: 'resolvable',
    tree: inBravo(`import { nothing } from './nothing.ts'\nexport const copy = nothing\n`),
  },
  {
    what: 'product code importing a development dependency',
    rule: 'no-dev-dependencies',
    tree: inBravo(`import { vi } from 'vitest'\nexport const copy = vi\n`),
  },
  {
    what: 'a deprecated module of Node',
    rule: 'no-deprecated-builtin',
    tree: inBravo(`import { toASCII } from 'punycode'\nexport const copy = toASCII\n`),
  },
]
