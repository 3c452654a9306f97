import type { RdfQuad, RdfTerm } from '../canonicalize.ts'
import { escapeLiteral } from './nquads.ts'

const LANG_STRING = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#langString'
const STRING = 'http://www.w3.org/2001/XMLSchema#string'

/** One N-Quad in pieces: fixed text, the text of a slot, a blank node (numbered from 0). */
export type Piece = string | { slot: number } | { node: number }

export type QuadTemplate = { pieces: Piece[], nodes: number[] }

export type Role = 'literal' | 'iri'

/** What RDF made of a marked document. */
export type QuadTemplates = {
  quads: QuadTemplate[]
  nodeCount: number
  /** In which roles each slot occurs as a whole term. */
  roles: Map<number, Set<Role>>
  /** Slots whose mark occurs as a part of something: their text is not simply copied. */
  entangled: Set<number>
}

/** How marks are told from other text: `whole` matches a term that is a mark, `within` finds marks anywhere. */
export type MarkReader = { whole: (text: string) => number | undefined, within: (text: string) => number[] }

export function templateQuads(dataset: readonly RdfQuad[], marks: MarkReader): QuadTemplates {
  const nodes = new Map<string, number>()
  const roles = new Map<number, Set<Role>>()
  const entangled = new Set<number>()

  function slotPiece(text: string, role: Role): Piece | undefined {
    const slot = marks.whole(text)
    if (slot === undefined) {
      for (const part of marks.within(text)) entangled.add(part)
      return undefined
    }
    roles.set(slot, (roles.get(slot) ?? new Set()).add(role))
    return { slot }
  }

  function term(part: RdfTerm): Piece[] {
    if (part.termType === 'BlankNode') {
      const node = nodes.get(part.value) ?? nodes.size
      nodes.set(part.value, node)
      return [{ node }]
    }
    if (part.termType === 'NamedNode') return ['<', slotPiece(part.value, 'iri') ?? part.value, '>']
    const suffix = literalSuffix(part)
    for (const slot of marks.within(suffix)) entangled.add(slot)
    return ['"', slotPiece(part.value, 'literal') ?? escapeLiteral(part.value), '"', suffix]
  }

  const quads = dataset.map(({ subject, predicate, object, graph }) => {
    const pieces = [...term(subject), ' ', ...term(predicate), ' ', ...term(object)]
    if (graph.termType !== 'DefaultGraph') pieces.push(' ', ...term(graph))
    pieces.push(' .\n')
    return { pieces: mergeText(pieces), nodes: [...new Set(pieces.flatMap((piece) => nodeOf(piece) ?? []))] }
  })
  return { quads, nodeCount: nodes.size, roles, entangled }
}

/** The N-Quad with the given texts, already escaped, and a label for each blank node. */
export function writeQuad(quad: QuadTemplate, texts: readonly string[], label: (node: number) => string): string {
  let line = ''
  for (const piece of quad.pieces) {
    if (typeof piece === 'string') line += piece
    else if ('slot' in piece) line += texts[piece.slot]
    else line += label(piece.node)
  }
  return line
}

function literalSuffix({ datatype, language }: RdfTerm): string {
  if (datatype?.value === LANG_STRING) return language ? `@${language}` : ''
  return datatype === undefined || datatype.value === STRING ? '' : `^^<${datatype.value}>`
}

function mergeText(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = []
  for (const piece of pieces) {
    const last = merged.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') merged[merged.length - 1] = last + piece
    else merged.push(piece)
  }
  return merged
}

function nodeOf(piece: Piece): number | undefined {
  return typeof piece === 'object' && 'node' in piece ? piece.node : undefined
}
