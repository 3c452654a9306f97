import { globSync, readFileSync } from 'node:fs'
import { fontNames, fontPath } from '#modules/issuance/render/fonts.ts'

const sources = () => globSync('src/**/*.ts').filter((file) => !file.endsWith('.test.ts')).map((file) => readFileSync(file, 'utf8'))

/** What stands between quotes at each call of a function, each once. */
const literals = (called: string): string[] =>
  [...new Set(sources().flatMap((source) => [...source.matchAll(new RegExp(`\\b${called}\\('([^']+)'`, 'g'))].map(([, path = '']) => path)))]

/** The sources of all threads that the program starts, by their path in the project. */
export const threads = (): string[] => literals('startThread').map((path) => `src/${path}`)

/** Everything that the program reads while it runs, beside its code, by its path in the project. */
export const files = (): string[] => [
  ...globSync('src/modules/*/migrations/*/*.sql'),
  ...['@scalar/api-reference/dist/browser/standalone.js', 'harfbuzzjs/dist/harfbuzz.wasm', ...literals('packageFile'), ...fontNames.map(fontPath)]
    .map((path) => `node_modules/${path}`),
]
