import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The package that a path in the project belongs to: the folder below the last `node_modules`. */
const packageOf = (path: string): string | undefined => /^(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]

/** The licences of a package, as it ships them. */
function licencesIn(folder: string): string {
  const files = globSync(`${folder}/*`).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file.slice(folder.length + 1))).sort()
  return files.map((file) => readFileSync(file, 'utf8').trim()).join('\n\n')
}

/**
 * The licences of everything that an executable contains: of Vellum, of Node and of each package that went in.
 * @param inputs paths in the project
 * @param node the program that the executable is made from
 */
export function licences(inputs: Iterable<string>, node: string): string {
  const parts = [['Vellum', `${readFileSync('NOTICE', 'utf8')}\n${readFileSync('LICENSE', 'utf8')}`.trim()]]
  const ofNode = join(dirname(dirname(node)), 'LICENSE')
  if (!existsSync(ofNode)) throw new Error(`${ofNode} is missing: Node may be passed on only together with its licence.`)
  parts.push([`Node.js ${process.version}`, readFileSync(ofNode, 'utf8').trim()])
  for (const folder of [...new Set([...inputs].map(packageOf))].filter((found) => found !== undefined).sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>
    parts.push([`${name} ${version} (${license})`, licencesIn(folder) || `Licensed under ${license}.`])
  }
  return parts.map(([title, text]) => `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text}\n`).join('\n')
}
