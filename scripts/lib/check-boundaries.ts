import { globSync } from 'node:fs'
import { checkImports } from './import-rules.ts'
import { checkSources } from './source-rules.ts'
import type { Violation } from './violation.ts'

/** How many source files there are, how many of them were read, and every boundary that is broken. */
export type BoundaryReport = { files: number, read: number, violations: Violation[] }

/**
 * Holds the project in the current folder to its boundaries. A source file that the gate did not read is a violation
 * too, and so is a project without any: a gate that reads nothing must not pass.
 */
export async function checkBoundaries(): Promise<BoundaryReport> {
  const files = globSync('src/**/*.{ts,tsx}').sort()
  const { violations, read } = await checkImports()
  const unread = files.length > 0 ? files.filter(file => !read.includes(file)) : ['src']
  return {
    files: files.length,
    read: read.length,
    violations: [
      ...violations,
      ...checkSources(files),
      ...unread.map(from => ({
        rule: 'every-file-is-read',
        from,
        to: '(not read)',
        instead: 'The gate proves nothing about a file that it did not read. See .dependency-cruiser.mjs and its TypeScript.',
      })),
    ],
  }
}
