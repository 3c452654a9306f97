import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

/** Where the modules of the program that the plugins bring in stand. */
const platform = (file: string) => JSON.stringify(resolve('src/platform', file))

/** The addon of better-sqlite3 for this machine, by its path in the project. */
export const addon = `node_modules/better-sqlite3/prebuilds/${process.platform}-${process.arch}.node`

/** The package's entry for one platform asks for the addon by its path; here it comes out of the executable. */
const carriedSqlite: Plugin = {
  name: 'carried-sqlite',
  setup({ onResolve, onLoad }) {
    const entry = resolve(`node_modules/better-sqlite3/lib/${process.platform}-${process.arch}.js`)
    onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: entry }))
    onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path), namespace: 'addon' }))
    onLoad({ filter: /.*/, namespace: 'addon' }, ({ path }) => {
      if (path !== resolve(addon)) throw new Error(`${path} is an addon that the executable does not carry.`)
      return {
        contents: `const { loadCarriedAddon } = require(${platform('carried-addon.ts')})\nmodule.exports = loadCarriedAddon(${JSON.stringify(addon)})`,
        resolveDir: resolve('.'),
      }
    })
  },
}

/** HarfBuzz looks for its WebAssembly beside its own file. */
const carriedHarfBuzz: Plugin = {
  name: 'carried-harfbuzz',
  setup({ onLoad }) {
    onLoad({ filter: /harfbuzzjs\/dist\/index\.mjs$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const start = 'await createHarfBuzz()'
      if (!source.includes(start)) throw new Error('HarfBuzz starts otherwise than it did: look at scripts/lib/executable/bundle.ts.')
      const carried = `await createHarfBuzz({ wasmBinary: packageFile('harfbuzzjs/dist/harfbuzz.wasm') })`
      return { contents: `import { packageFile } from ${platform('assets.ts')}\n${source.replace(start, carried)}` }
    })
  },
}

/**
 * Bundles a program of ours with every package that it uses into one ECMAScript module for Node.
 * @returns what went in, by its path in the project
 */
export async function bundle(entry: string, output: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    // Packages in CommonJS ask for Node's own modules by a `require` that ECMAScript modules do not have.
    banner: { js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);` },
    // Asked for by drivers that can do without.
    external: ['pg-native'],
    plugins: [carriedSqlite, carriedHarfBuzz],
    keepNames: true,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  })
  return metafile
}
