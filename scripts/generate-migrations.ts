// npm run migrations            writes what the tables.ts of each module asks for and its migrations do not do yet
// npm run migrations -- --check exits 1 and names what is missing; writes nothing
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { generateMigrations } from './lib/generate-migrations.ts'

const root = join(import.meta.dirname, '..')
const modules = join(root, 'src/modules')
const checkOnly = process.argv.includes('--check')
let missing = 0

for (const module of readdirSync(modules).sort()) {
  const tables = join(modules, module, 'tables.ts')
  if (!existsSync(tables)) continue
  const { schema } = await import(pathToFileURL(tables).href)
  for (const { dialect, sql, snapshot, folder } of await generateMigrations(schema, join(modules, module, 'migrations'))) {
    if (sql === '') continue
    missing++
    if (checkOnly) {
      console.error(`${module} on ${dialect}: the migrations lag behind the tables; run npm run migrations.\n${sql}`)
      continue
    }
    mkdirSync(folder, { recursive: true })
    const count = readdirSync(folder).filter((file) => file.endsWith('.sql')).length
    const title = process.argv.find((argument) => /^--name=[a-z0-9-]+$/.test(argument))?.slice('--name='.length)
    const name = `${String(count + 1).padStart(4, '0')}-${count === 0 ? 'initial' : (title ?? 'change')}.sql`
    writeFileSync(join(folder, name), sql)
    writeFileSync(join(folder, 'snapshot.json'), snapshot)
    console.log(`${module} on ${dialect}: ${name}`)
  }
}
if (missing === 0) console.log('Every migration is up to date.')
process.exitCode = checkOnly && missing > 0 ? 1 : 0
