import { and, asc, gte, lt } from 'drizzle-orm'
import type { CheckedPage } from '#platform/module.ts'
import type { VerificationContext } from '../verification-context.ts'
import { logSize } from './log-store.ts'
import { equalHashes, hashLeaf, hashNode, hashText } from './merkle-hash.ts'

const AT_ONCE = 1_000

/** Makes the tree anew from its leaves, and holds it against every checkpoint that was signed. Reads only. */
export async function checkLog({ database }: Pick<VerificationContext, 'database'>): Promise<CheckedPage> {
  const { read, tables: { checkpoints, leaves } } = database
  const signed = await read.select({ size: checkpoints.size, root: checkpoints.root }).from(checkpoints).orderBy(asc(checkpoints.size))
  const size = await logSize(read, database.tables)
  const faults: string[] = []
  const tree = growingTree()
  let next = 0
  for (let start = 0; start < size; start += AT_ONCE) {
    const rows = await read
      .select({ index: leaves.leafIndex, leaf: leaves.leaf })
      .from(leaves)
      .where(and(gte(leaves.leafIndex, start), lt(leaves.leafIndex, Math.min(start + AT_ONCE, size))))
      .orderBy(asc(leaves.leafIndex))
    for (const { leaf } of rows) {
      const grown = tree.add(hashLeaf(leaf))
      for (; signed[next]?.size === grown; next++)
        if (!equalHashes(tree.root(), signed[next]!.root)) faults.push(`The leaves do not lead to the checkpoint of ${grown}, ${hashText(signed[next]!.root)}.`)
    }
  }
  if (tree.size() !== size) faults.push(`The log has ${size} places and ${tree.size()} leaves.`)
  for (const { size: missing } of signed.slice(next)) faults.push(`There is a checkpoint of ${missing}, and no such tree.`)
  return { checked: { leaves: tree.size(), checkpoints: signed.length }, faults: faults.slice(0, 20) }
}

/** The complete subtrees along the right edge: RFC 9162, section 2.1.2. */
function growingTree() {
  const edge: { level: number; hash: Uint8Array }[] = []
  let size = 0
  return {
    add(leafHash: Uint8Array): number {
      let node = { level: 0, hash: leafHash }
      while (edge.at(-1)?.level === node.level) node = { level: node.level + 1, hash: hashNode(edge.pop()!.hash, node.hash) }
      edge.push(node)
      return ++size
    },
    root: (): Uint8Array => edge.map(({ hash }) => hash).reduceRight((right, left) => hashNode(left, right)),
    size: () => size,
  }
}
