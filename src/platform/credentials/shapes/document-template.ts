import type { JsonObject, JsonValue } from '../json.ts'

/**
 * A document with its texts taken out: what is left must be equal in every document of the shape.
 * `context` is compared as a whole, since a context decides what everything below it means.
 */
export type DocumentTemplate =
  | { kind: 'slot', slot: number }
  | { kind: 'constant', value: JsonValue }
  | { kind: 'context', value: JsonValue }
  | { kind: 'list', items: DocumentTemplate[] }
  | { kind: 'object', keys: string[], values: DocumentTemplate[] }

/** A place whose text may differ from document to document. */
export type Slot = { path: string, sample: string }

// Texts under these keys decide how other texts are read.
const KEYWORDS = new Set([
  'type', '@type', '@id', '@language', '@direction', '@graph', '@list', '@set', '@included', '@reverse', '@index',
  '@nest',
])

/**
 * Takes a sample apart: `template`, its `slots`, and `marked`, the sample with `mark(slot)` in every slot.
 *
 * @param pinned paths whose text stays as it is.
 */
export function takeApart(
  sample: JsonObject, pinned: ReadonlySet<string>, mark: (slot: number) => string,
): { template: DocumentTemplate, slots: Slot[], marked: JsonObject } {
  const slots: Slot[] = []

  function visit(value: JsonValue, key: string, path: string): [DocumentTemplate, JsonValue] {
    if (key === '@context') return [{ kind: 'context', value }, value]
    if (Array.isArray(value)) {
      const items = value.map((item, at) => visit(item, key, `${path}/${at}`))
      return [{ kind: 'list', items: items.map(([item]) => item) }, items.map(([, item]) => item)]
    }
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value)
        .map(([name, inner]) => [name, visit(inner, name, `${path}/${name}`)] as const)
      return [
        { kind: 'object', keys: entries.map(([name]) => name), values: entries.map(([, [inner]]) => inner) },
        Object.fromEntries(entries.map(([name, [, inner]]) => [name, inner])),
      ]
    }
    if (typeof value !== 'string' || KEYWORDS.has(key) || pinned.has(path)) return [{ kind: 'constant', value }, value]
    const slot = slots.push({ path, sample: value }) - 1
    return [{ kind: 'slot', slot }, mark(slot)]
  }

  const [template, marked] = visit(sample, '', '')
  return { template, slots, marked: marked as JsonObject }
}

/**
 * Puts the texts of `document` into `values`, slot by slot. False where the document has another shape, or `accepts`
 * refuses a text.
 */
export function readSlots(
  template: DocumentTemplate, document: JsonValue | undefined, values: string[],
  accepts: (slot: number, text: string) => boolean,
): boolean {
  switch (template.kind) {
    case 'slot':
      if (typeof document !== 'string' || !accepts(template.slot, document)) return false
      values[template.slot] = document
      return true
    case 'constant':
      return Object.is(template.value, document)
    case 'context':
      return isSame(template.value, document)
    case 'list': {
      const { items } = template
      if (!Array.isArray(document) || document.length !== items.length) return false
      return items.every((item, at) => readSlots(item, document[at], values, accepts))
    }
    case 'object': {
      if (typeof document !== 'object' || document === null || Array.isArray(document)) return false
      const { keys } = template
      if (Object.keys(document).length !== keys.length) return false
      return template.values.every((value, at) => {
        const key = keys[at] as string
        return Object.hasOwn(document, key) && readSlots(value, document[key], values, accepts)
      })
    }
  }
}

/** Equal as JSON texts are, keys in their order. Costs no more than `known` is long, however long the other is. */
function isSame(known: JsonValue, other: JsonValue | undefined): boolean {
  if (typeof known !== 'object' || known === null) return Object.is(known, other)
  if (typeof other !== 'object' || other === null || Array.isArray(known) !== Array.isArray(other)) return false
  const keys = Object.keys(known)
  const others = Object.keys(other)
  return keys.length === others.length && keys.every((key, at) => (
    key === others[at] && isSame((known as JsonObject)[key] as JsonValue, (other as JsonObject)[key])
  ))
}

/** A document with the given texts in its slots. */
export function putTogether(template: DocumentTemplate, values: readonly string[]): JsonValue {
  switch (template.kind) {
    case 'slot': return values[template.slot] as string
    case 'constant': return template.value
    case 'context': return template.value
    case 'list': return template.items.map((item) => putTogether(item, values))
    case 'object':
      return Object.fromEntries(template.keys.map((key, at) => (
        [key, putTogether(template.values[at] as DocumentTemplate, values)]
      )))
  }
}
