import { hash, randomBytes } from 'node:crypto'
import type { RdfQuad } from '../canonicalize.ts'
import type { JsonObject } from '../json.ts'
import { putTogether, readSlots, takeApart, type DocumentTemplate, type Slot } from './document-template.ts'
import { escapeLiteral, plainIriScheme } from './nquads.ts'
import { templateQuads, writeQuad, type MarkReader, type QuadTemplate, type QuadTemplates } from './quad-template.ts'

/**
 * Documents of one shape differ in their texts alone, so their RDF differs in those texts alone. The JSON-LD work is
 * done once, on a sample with marks for texts; afterwards the canonical form is a matter of filling in.
 */
export type Shape = {
  /** The texts of a document of this shape; undefined where it has another. */
  read: (document: JsonObject) => string[] | undefined
  /**
   * RDFC-1.0 of the document with these texts; undefined where two blank nodes look alike from one step away, which
   * takes the general algorithm to tell apart.
   */
  canonicalForm: (texts: readonly string[]) => string | undefined
  /** A document of this shape with made-up texts in all slots, and these texts. */
  probe: () => { document: JsonObject, texts: string[] }
}

/** Pinning a slot can only show a few layers of further ones. */
const ROUNDS = 4

/** Compiles the shape of a sample; undefined where its RDF cannot be told apart from its texts. */
export async function compileShape(
  sample: JsonObject, toDataset: (document: JsonObject) => Promise<RdfQuad[]>,
): Promise<Shape | undefined> {
  const pinned = new Set<string>()
  for (let round = 0; round < ROUNDS; round++) {
    const { mark, marks } = freshMarks()
    const { template, slots, marked } = takeApart(sample, pinned, mark)
    const rdf = templateQuads(await toDataset(marked), marks)
    const unfit = slots.filter((slot, at) => !isFit(slot, at, rdf))
    if (unfit.length === 0) return shapeOf(template, slots, rdf)
    for (const { path } of unfit) pinned.add(path)
  }
  return undefined
}

/** Marks are absolute IRIs under a random host, so that no document can hold one by chance or by intent. */
function freshMarks(): { mark: (slot: number) => string, marks: MarkReader } {
  const host = `https://${randomBytes(12).toString('hex')}.invalid/`
  const find = new RegExp(`${host}(\\d+)/`, 'g')
  return {
    mark: (slot) => `${host}${slot}/`,
    marks: {
      whole: (text) => text.startsWith(host) && /^\d+\/$/.test(text.slice(host.length))
        ? Number.parseInt(text.slice(host.length)) : undefined,
      within: (text) => [...text.matchAll(find)].map((match) => Number(match[1])),
    },
  }
}

/** A slot stays one if it became whole terms of one role only, and its own text is lawful in that role. */
function isFit(slot: Slot, at: number, { roles, entangled }: QuadTemplates): boolean {
  const role = roles.get(at)
  if (role?.size !== 1 || entangled.has(at)) return false
  return !role.has('iri') || plainIriScheme(slot.sample) !== undefined
}

function shapeOf(
  template: DocumentTemplate, slots: readonly Slot[], { quads, nodeCount, roles }: QuadTemplates,
): Shape {
  // Undefined for a literal. A later IRI must share the sample's scheme: a context may define a prefix by that name.
  const schemes = slots.map(({ sample }, at) => roles.get(at)?.has('iri') ? plainIriScheme(sample) : undefined)
  const plain = quads.filter((quad) => quad.nodes.length === 0)
  const blank = quads.filter((quad) => quad.nodes.length > 0)

  function accepts(slot: number, text: string): boolean {
    const scheme = schemes[slot]
    return scheme === undefined ? text.isWellFormed() : plainIriScheme(text) === scheme
  }

  return {
    read(document) {
      const texts = new Array<string>(schemes.length)
      return readSlots(template, document, texts, accepts) ? texts : undefined
    },
    canonicalForm(texts) {
      const escaped = texts.map((text, at) => schemes[at] === undefined ? escapeLiteral(text) : text)
      const distinct = distinctQuads(blank, escaped)
      const labels = canonicalLabels(distinct, nodeCount, escaped)
      if (labels === undefined) return undefined
      const lines = plain.map((quad) => writeQuad(quad, escaped, noLabel))
      for (const quad of distinct) lines.push(writeQuad(quad, escaped, (node) => labels[node] as string))
      lines.sort()
      return lines.filter((line, at) => line !== lines[at - 1]).join('')
    },
    probe() {
      const texts = schemes.map((scheme, at) => probeText(scheme, at))
      return { document: putTogether(template, texts) as JsonObject, texts }
    },
  }
}

/** A dataset is a set. Quads are compared by the nodes' own numbers: once nodes are renamed, others look equal. */
function distinctQuads(quads: readonly QuadTemplate[], texts: readonly string[]): QuadTemplate[] {
  const seen = new Set<string>()
  return quads.filter((quad) => {
    const line = writeQuad(quad, texts, (node) => `_:n${node}`)
    return !seen.has(line) && seen.add(line)
  })
}

/** RDFC-1.0 section 4.4, steps 3 and 4: labels in the order of first-degree hashes; undefined where two are equal. */
function canonicalLabels(
  quads: readonly QuadTemplate[], nodeCount: number, texts: readonly string[],
): string[] | undefined {
  if (nodeCount === 0) return []
  if (nodeCount === 1) return ['_:c14n0']
  const hashes = Array.from({ length: nodeCount }, (_, node) => ({ node, hash: firstDegreeHash(node, quads, texts) }))
  hashes.sort((a, b) => a.hash < b.hash ? -1 : 1)
  const labels = new Array<string>(nodeCount)
  for (const [at, { node, hash: own }] of hashes.entries()) {
    if (own === hashes[at - 1]?.hash) return undefined
    labels[node] = `_:c14n${at}`
  }
  return labels
}

/** RDFC-1.0 section 4.6. */
function firstDegreeHash(node: number, quads: readonly QuadTemplate[], texts: readonly string[]): string {
  const lines: string[] = []
  for (const quad of quads) {
    if (quad.nodes.includes(node)) lines.push(writeQuad(quad, texts, (other) => other === node ? '_:a' : '_:z'))
  }
  return hash('sha256', lines.sort().join(''), 'hex')
}

function probeText(scheme: string | undefined, slot: number): string {
  switch (scheme) {
    case undefined: return `probe "${slot}"\n`
    case 'urn': return `urn:uuid:00000000-0000-4000-8000-${String(slot).padStart(12, '0')}`
    case 'did': return `did:probe:${slot}`
    case 'mailto': return `mailto:${slot}@probe.invalid`
    default: return `${scheme}://probe.invalid/${slot}`
  }
}

function noLabel(): string {
  throw new Error('A quad without blank nodes needs no label.')
}
