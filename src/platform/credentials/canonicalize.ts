import jsonld from 'jsonld'
import * as rdfCanonize from 'rdf-canonize'
import { loadContext, UnknownContextError } from './contexts.ts'
import type { JsonObject } from './json.ts'

/** A term of an RDF dataset in the RDF/JS shape that jsonld returns. */
export type RdfTerm = {
  termType: 'NamedNode' | 'BlankNode' | 'Literal' | 'DefaultGraph'
  value: string
  datatype?: { value: string }
  language?: string
}

export type RdfQuad = { subject: RdfTerm, predicate: RdfTerm, object: RdfTerm, graph: RdfTerm }

/** A document is not JSON-LD whose every part has a meaning, or is too entangled to be brought into canonical form. */
export class InvalidDocumentError extends Error {
  readonly code = 'invalid_document'

  constructor(reason: string, cause?: unknown) {
    super(`The document cannot be brought into canonical form: ${reason}`, { cause })
    this.name = 'InvalidDocumentError'
  }
}

/**
 * JSON-LD to RDF in safe mode: a term without a definition, or a relative reference, is refused instead of being left
 * out, because what is left out is not signed.
 *
 * @throws UnknownContextError, InvalidDocumentError
 */
export async function toDataset(document: JsonObject): Promise<RdfQuad[]> {
  try {
    return await jsonld.toRDF(document, {
      base: null,
      safe: true,
      rdfDirection: 'i18n-datatype',
      produceGeneralizedRdf: false,
      documentLoader: loadContext,
    })
  } catch (error) {
    throw asDocumentError(error)
  }
}

/**
 * Canonical N-Quads of a JSON-LD document: RDF Dataset Canonicalization (RDFC-1.0) with SHA-256.
 * Datasets built to take exponential time are refused: the library bounds its deep comparisons.
 *
 * @throws UnknownContextError, InvalidDocumentError
 */
export async function canonicalize(document: JsonObject): Promise<string> {
  const dataset = await toDataset(document)
  let canonical: string
  try {
    canonical = await rdfCanonize.canonize(dataset, {
      algorithm: 'RDFC-1.0',
      format: 'application/n-quads',
      rejectURDNA2015: true,
    })
  } catch (error) {
    throw asDocumentError(error)
  }
  // As UTF-8 a lone surrogate becomes U+FFFD: two different texts would share one signature.
  if (!canonical.isWellFormed()) throw new InvalidDocumentError('a text holds half a character (a lone surrogate)')
  return canonical
}

type JsonLdFailure = { details?: { cause?: unknown, event?: { code?: string, details?: Record<string, unknown> } } }

function asDocumentError(error: unknown): Error {
  const unknownContext = findUnknownContext(error)
  if (unknownContext !== undefined) return unknownContext
  const event = (error as JsonLdFailure).details?.event
  const subject = event?.details?.['property'] ?? event?.details?.['type'] ?? event?.details?.['id']
  const reason = event?.code === undefined
    ? (error as Error).message
    : `${event.code}${typeof subject === 'string' ? ` ${JSON.stringify(subject)}` : ''}`
  return new InvalidDocumentError(reason, error)
}

/** jsonld wraps what the loader threw, sometimes more than once. */
function findUnknownContext(error: unknown): UnknownContextError | undefined {
  let current: unknown = error
  for (let depth = 0; depth < 8 && current instanceof Error; depth++) {
    if (current instanceof UnknownContextError) return current
    current = (current as JsonLdFailure).details?.cause ?? current.cause
  }
  return undefined
}
