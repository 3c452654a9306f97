// Exit 0 when node_modules holds the versions of package-lock.json (optional packages of this platform aside), else 1. Runs before anything is installed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.argv[2] ?? '.'
const packages = path => JSON.parse(readFileSync(join(root, path), 'utf8')).packages

try {
  const wanted = packages('package-lock.json')
  const installed = packages('node_modules/.package-lock.json')
  const differs = Object.entries(wanted).some(
    ([path, entry]) =>
      path !== '' &&
      (installed[path] ? installed[path].version !== entry.version : !entry.optional && !entry.devOptional),
  )
  const leftOver = Object.entries(installed).some(([path, entry]) => !wanted[path] && !entry.optional)
  process.exitCode = differs || leftOver ? 1 : 0
} catch {
  process.exitCode = 1
}
