import { mkdirSync, writeFileSync } from 'node:fs'
import { defineConfig } from 'drizzle-kit'

/**
 * For drizzle-kit's own commands on one module and dialect, such as
 * `VELLUM_MODULE=issuance VELLUM_DIALECT=postgres npx drizzle-kit studio`.
 * Migrations are written by `npm run migrations`, for all modules and both dialects at once.
 */
const name = process.env.VELLUM_MODULE ?? 'issuance'
const dialect = process.env.VELLUM_DIALECT ?? 'sqlite'

// drizzle-kit collects the tables that a file exports; a module's tables.ts exports what makes them, in either dialect.
const folder = 'node_modules/.cache/vellum'
const file = `${folder}/${name}-${dialect}.cjs`
mkdirSync(folder, { recursive: true })
writeFileSync(
  file,
  `const { schema } = require('../../../src/modules/${name}/tables.ts')\n` +
    `const { tables, platform } = schema.${dialect}()\nmodule.exports = { ...tables, ...platform }\n`,
)

export default defineConfig({
  dialect: dialect === 'postgres' ? 'postgresql' : 'sqlite',
  casing: 'snake_case',
  schema: `./${file}`,
  out: `./src/modules/${name}/migrations/${dialect}`,
  dbCredentials: {
    url: dialect === 'postgres' ? (process.env.DATABASE_URL ?? 'postgres://localhost') : `${process.env.DATA_DIR ?? './data'}/${name}.sqlite`,
  },
})
