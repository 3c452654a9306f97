import type { JsonObject, JsonValue } from '#platform/credentials/json.ts'

/**
 * A document with its texts taken out: what is left must be equal in every document of the shape.
 * `context` is compared as a whole, since a context decides what everything below it means.
 */
export type DocumentTemplate =
  | { kind: 'slot', slot: number }
  | { kind: 'constant', value: JsonValue }
  | { kind: 'context', json: string }
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
    if (key === '@context') return [{ kind: 'context', json: JSON.stringify(value) }, value]
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
      return JSON.stringify(document) === template.json
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

/** A document with the given texts in its slots. */
export function putTogether(template: DocumentTemplate, values: readonly string[]): JsonValue {
  switch (template.kind) {
    case 'slot': return values[template.slot] as string
    case 'constant': return template.value
    case 'context': return JSON.parse(template.json) as JsonValue
    case 'list': return template.items.map((item) => putTogether(item, values))
    case 'object':
      return Object.fromEntries(template.keys.map((key, at) => (
        [key, putTogether(template.values[at] as DocumentTemplate, values)]
      )))
  }
}
