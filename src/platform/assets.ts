import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Migration, migrationsFromFolder } from './database/migration.ts'
import type { Dialect } from './database/database.ts'

/** Files that belong to the program, wherever it carries them. */
export interface Assets {
  migrations(module: string, dialect: Dialect): readonly Migration[]
  /** The API reference's script, for `/docs`. */
  docsScript(): Promise<Uint8Array>
}

const source = dirname(dirname(fileURLToPath(import.meta.url)))

/** From the folder of the sources and from `node_modules`. */
export const folderAssets: Assets = {
  migrations: (module, dialect) => migrationsFromFolder(join(source, 'modules', module, 'migrations', dialect)),
  docsScript: () => {
    const entry = createRequire(import.meta.url).resolve('@scalar/api-reference')
    return readFile(join(entry.slice(0, entry.lastIndexOf('/dist/')), 'dist/browser/standalone.js'))
  },
}
