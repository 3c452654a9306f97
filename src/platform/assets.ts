import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Dialect } from './database/database.ts'
import { type Migration, migrationsFromFolder } from './database/migration.ts'
import { carriedFile, carriedPaths, inExecutable } from './executable.ts'

/** Files that belong to the program, wherever it carries them. */
export interface Assets {
  migrations(module: string, dialect: Dialect): readonly Migration[]
  /** The API reference's script, for `/docs`. */
  docsScript(): Promise<Uint8Array>
}

const source = dirname(dirname(fileURLToPath(import.meta.url)))
const docsScript = '@scalar/api-reference/dist/browser/standalone.js'

/** From the folder of the sources and from `node_modules`. */
const folderAssets: Assets = {
  migrations: (module, dialect) => migrationsFromFolder(join(source, 'modules', module, 'migrations', dialect)),
  async docsScript() {
    // The package names its entry alone to the outside.
    const entry = createRequire(import.meta.url).resolve('@scalar/api-reference')
    return readFileSync(join(entry.slice(0, entry.lastIndexOf('/@scalar/')), docsScript))
  },
}

/** From inside the executable, under the same paths. */
const carriedAssets: Assets = {
  migrations(module, dialect) {
    const folder = `src/modules/${module}/migrations/${dialect}/`
    return carriedPaths()
      .filter((path) => path.startsWith(folder))
      .sort()
      .map((path) => ({ name: path.slice(folder.length, -'.sql'.length), sql: new TextDecoder().decode(carriedFile(path)) }))
  },
  docsScript: async () => carriedFile(`node_modules/${docsScript}`),
}

export const ownAssets: Assets = inExecutable ? carriedAssets : folderAssets

/**
 * A file of a package, such as a font or WebAssembly, by package and path. `scripts/build-binary` finds the calls of it
 * with a literal path, and packs what they name.
 */
export const packageFile = (path: string): Uint8Array<ArrayBuffer> =>
  inExecutable ? carriedFile(`node_modules/${path}`) : readFileSync(createRequire(import.meta.url).resolve(path))
