import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import type { Violation } from './violation.ts'

const instead = {
  'raw-sql': 'Raw SQL lives where the platform keeps its own tables: src/platform/database, work, events and audit. Write the query with drizzle over the tables of your own module, or add a function there.',
  'literal-imports': 'An import whose path is computed cannot be checked. Write the path out, or take the value as an argument.',
  'own-files-only': 'A module opens no file of another module or of a database. Ask its owner by contract; the platform opens databases.',
}
type Rule = keyof typeof instead

/** The beginning of what a database would run. A sentence that merely begins with such a word does not match. */
const statements = [
  /^select\s[^]+?\sfrom\s+[\w."?]+\s*($|[;,)]|(where|join|left|inner|cross|order|group|limit|for|as)\s)/i,
  /^insert\s+(or\s+\w+\s+)?into\s/i,
  /^update\s+\S+\s+set\s/i,
  /^delete\s+from\s+[\w."?]+\s*($|;|(where|returning)\s)/i,
  /^(create|drop|alter)\s+(unique\s+)?(table|index|view|schema|trigger|role|database)\s/i,
  /^(attach\s+database|pragma)\s+\S/i,
  /^with\s+(recursive\s+)?\w+\s+as\s+\(/i,
]
const isSql = (text: string) => statements.some(statement => statement.test(text.trim()))

/** The folders of the kernel that keep the platform's own tables: outbox, inbox, steps, audit. */
const mayUseSql = (file: string) => /^src\/platform\/(database|work|events|audit)\//.test(file)
const moduleOf = (file: string) => /^src\/modules\/([^/]+)\//.exec(file)?.[1]

/** The whole text of a string or template, with a mark where a value goes in; undefined for any other node. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node)) return [node.head, ...node.templateSpans.map(span => span.literal)].map(part => part.text).join('?')
  return undefined
}

const callsImport = (node: ts.CallExpression) =>
  node.expression.kind === ts.SyntaxKind.ImportKeyword
  || (ts.isIdentifier(node.expression) && node.expression.text === 'require')

/** Is this path, as written in `file`, inside another module or a database file? */
function leavesModule(file: string, path: string): boolean {
  const own = moduleOf(file)
  if (!own) return false
  if (/\.sqlite\b/.test(path)) return true
  const target = /^\.\.?\//.test(path) ? posix.join(posix.dirname(file), path) : path.replace(/^#modules\//, 'src/modules/')
  const other = /(?:^|\/)src\/modules\/([^/]+)\//.exec(target)?.[1]
  return other !== undefined && other !== own
}

const isImportPath = (node: ts.Node) =>
  ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent) || ts.isLiteralTypeNode(node.parent)
  || (ts.isCallExpression(node.parent) && callsImport(node.parent))

/** Which rule a node breaks, if any. */
function broken(node: ts.Node, file: string): Rule | undefined {
  if (!mayUseSql(file)) {
    if (ts.isImportSpecifier(node) && (node.propertyName ?? node.name).text === 'sql') return 'raw-sql'
    if (ts.isNamespaceImport(node) && /^'drizzle-orm'$/.test(node.parent.parent.moduleSpecifier.getText())) return 'raw-sql'
    if (ts.isPropertyAccessExpression(node) && ['$client', 'sql'].includes(node.name.text)) return 'raw-sql'
    const text = textOf(node)
    if (text !== undefined && isSql(text)) return 'raw-sql'
  }
  if (ts.isCallExpression(node) && callsImport(node)) {
    const [path] = node.arguments
    if (!path || !ts.isStringLiteral(path)) return 'literal-imports'
  }
  const text = textOf(node)
  if (text !== undefined && !isImportPath(node) && leavesModule(file, text)) return 'own-files-only'
  return undefined
}

/** Holds one file against the rules that imports alone do not show. `file` is its path from the project's root. */
export function checkSource(file: string, source: string): Violation[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ESNext, true)
  const violations: Violation[] = []
  const visit = (node: ts.Node): void => {
    const rule = broken(node, file)
    if (rule) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
      violations.push({ rule, from: `${file}:${line}`, to: node.getText().split('\n')[0]?.slice(0, 80) ?? '', instead: instead[rule] })
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return violations
}

/** Holds files against the same rules; tests are free to look into their own tables. */
export const checkSources = (files: string[]): Violation[] =>
  files.filter(file => !/\.test\.tsx?$/.test(file)).flatMap(file => checkSource(file, readFileSync(file, 'utf8')))
