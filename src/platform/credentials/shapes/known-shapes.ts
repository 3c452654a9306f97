import { canonicalize, toDataset } from '../canonicalize.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { compileShape, type Shape } from './shape.ts'

export type KnownShapes = {
  /**
   * RDFC-1.0 of a document of a known shape; undefined for every other, which the general implementation answers.
   * Learns nothing: a stranger's document costs no more than being looked at.
   */
  recall: (document: JsonObject) => string | undefined
  /**
   * Takes the shape of a document into use, if it is not known and can be compiled. Costs several times the general
   * way, and may push another shape out: for documents that this installation made.
   */
  learn: (document: JsonObject) => Promise<void>
  /**
   * RDFC-1.0 of a document that this installation makes, byte for byte what the general implementation gives, errors
   * included; its shape is learned.
   *
   * @throws UnknownContextError, InvalidDocumentError
   */
  canonicalize: (document: JsonObject) => Promise<string>
  /** How many documents took which way, and how many shapes are known. */
  counts: () => { fast: number, general: number, shapes: number }
}

/** A shape that could not be compiled so often is not tried again. */
const MOST_FAILURES = 3

/** So many kinds of failure are remembered. */
const MOST_REMEMBERED = 1_000

/**
 * Canonical forms by compiled shapes, least recently used ones dropped. A shape is taken into use only if it agrees with
 * the general implementation on the document that it comes from and on one with made-up texts.
 *
 * @param capacity how many shapes are kept; a shape takes some kilobytes.
 */
export function createKnownShapes({ capacity = 64 }: { capacity?: number } = {}): KnownShapes {
  const shapes: Shape[] = []
  const failures = new Map<string, number>()
  const compiling = new Set<string>()
  let fast = 0
  let general = 0

  function find(document: JsonObject): { form: string | undefined } | undefined {
    for (const [at, shape] of shapes.entries()) {
      const texts = shape.read(document)
      if (texts === undefined) continue
      if (at > 0) {
        shapes.splice(at, 1)
        shapes.unshift(shape)
      }
      return { form: shape.canonicalForm(texts) }
    }
    return undefined
  }

  async function compile(document: JsonObject, form: string): Promise<void> {
    const outline = outlineOf(document)
    if (compiling.has(outline) || (failures.get(outline) ?? 0) >= MOST_FAILURES) return
    compiling.add(outline)
    try {
      const shape = await compileShape(document, toDataset)
      if (shape !== undefined && await agrees(shape, document, form)) {
        shapes.unshift(shape)
        if (shapes.length > capacity) shapes.pop()
        return
      }
    } catch {
      // The marked sample is no lawful document although the sample is: the general way remains.
    } finally {
      compiling.delete(outline)
    }
    if (failures.size >= MOST_REMEMBERED) failures.clear()
    failures.set(outline, (failures.get(outline) ?? 0) + 1)
  }

  return {
    recall(document) {
      const form = find(document)?.form
      if (form !== undefined) fast++
      return form
    },
    async learn(document) {
      if (find(document) === undefined) await compile(document, await canonicalize(document))
    },
    async canonicalize(document) {
      const found = find(document)
      if (found?.form !== undefined) {
        fast++
        return found.form
      }
      general++
      const form = await canonicalize(document)
      if (found === undefined) await compile(document, form)
      return form
    },
    counts: () => ({ fast, general, shapes: shapes.length }),
  }
}

async function agrees(shape: Shape, document: JsonObject, form: string): Promise<boolean> {
  const texts = shape.read(document)
  if (texts === undefined || (shape.canonicalForm(texts) ?? form) !== form) return false
  const probe = shape.probe()
  return shape.canonicalForm(probe.texts) === await canonicalize(probe.document)
}

/** Keys and lengths without values: what documents of one form on paper have in common. */
function outlineOf(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(outlineOf).join()}]`
  if (typeof value !== 'object' || value === null) return ''
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${outlineOf(inner)}`).join()}}`
}
