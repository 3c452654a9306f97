import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../../..')

export const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The text under a heading, up to the next heading of its level. Throws when there is no such heading. */
export function section(markdown: string, heading: string): string {
  const lines = markdown.split('\n')
  const first = lines.indexOf(heading)
  if (first < 0) throw new Error(`There is no "${heading}".`)
  const level = `${heading.slice(0, heading.indexOf(' '))} `
  const rest = lines.slice(first + 1)
  const end = rest.findIndex((line) => line.startsWith(level))
  return rest.slice(0, end < 0 ? undefined : end).join('\n')
}

/** Fenced blocks of one language, in their order. */
export const codeBlocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code)

/** The cells of each row of the first table, without its head. */
export const tableRows = (markdown: string): string[][] =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim()))
