import fc from 'fast-check'

type Json = Record<string, any>

/** What breaks programs that trust what they are sent. */
const hostile = fc.constantFrom(
  '', ' ', '\u0000', '\ud800', '\u202e', '../../etc/passwd', '%00', '%2e%2e%2f', "' or 1=1 --", '"; drop table x', '${7*7}', '{{7*7}}', '<img onerror=alert(1)>',
  '__proto__', 'constructor', 'null', 'undefined', 'NaN', '-1', '0', '1e309', '9007199254740993', '=1+1', '\r\nX: y', 'ﷺ'.repeat(50), 'x'.repeat(5_000), '😀'.repeat(300),
)

/** Any text: short, long, hostile, in any script. */
const anyText = fc.oneof(hostile, fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }))

const anyJson = fc.oneof(anyText, fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(null, true, -1, 0, 1e308, 2 ** 53, [], {}, [[[[[[]]]]]]))

const formats: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid(),
  email: fc.emailAddress(),
  uri: fc.webUrl(),
  date: fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  'date-time': fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
}

interface Source {
  readonly document: Json
  /** Values to take for texts now and then: ids that exist. */
  readonly known: fc.Arbitrary<string>
  /** Whether at every depth, one time in eight, there is something else than the schema says. */
  readonly spoiled: boolean
}

/** Values of a JSON Schema as OpenAPI 3.1 documents have them. */
function fromSchema(schema: Json, source: Source, depth = 0): fc.Arbitrary<unknown> {
  const meant = meantBy(schema, source, depth)
  return source.spoiled ? fc.oneof({ weight: 7, arbitrary: meant }, { weight: 1, arbitrary: anyJson }) : meant
}

function meantBy(schema: Json, source: Source, depth: number): fc.Arbitrary<unknown> {
  const { document, known, spoiled } = source
  const inner = (part: Json) => fromSchema(part, source, depth + 1)
  if (schema['$ref']) return meantBy(resolve(document, schema['$ref']), source, depth)
  if ('const' in schema) return fc.constant(schema['const'])
  if (schema['enum']) return fc.constantFrom(...schema['enum'])
  const choices = (schema['oneOf'] ?? schema['anyOf']) as Json[] | undefined
  if (choices) return fc.oneof(...choices.map(inner))
  if (Array.isArray(schema['type'])) return fc.oneof(...schema['type'].map((type: string) => inner({ ...schema, type })))
  switch (schema['type']) {
    case 'string': {
      const { minLength = 0, maxLength = 60 } = schema
      const size = { minLength: Math.min(minLength, 200), maxLength: Math.max(Math.min(maxLength, 200), Math.min(minLength, 200)) }
      const word = schema['pattern'] ? fc.stringMatching(new RegExp(schema['pattern'], 'u')) : fc.stringMatching(/^[a-z][a-z0-9]{1,20}$/)
      const good = formats[schema['format']] ?? word
      return spoiled ? fc.oneof(good, fc.string(size), known) : good
    }
    case 'integer':
      return fc.integer({ min: schema['minimum'] ?? -5, max: Math.max(schema['maximum'] ?? 1_000, schema['minimum'] ?? -5) })
    case 'number':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return depth > 4 ? fc.constant([]) : fc.array(inner(schema['items'] ?? {}), { maxLength: 4 })
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Json)
      if (depth > 6) return fc.constant({})
      const requiredKeys = properties.map(([name]) => name).filter((name) => schema['required']?.includes(name))
      return fc.record(Object.fromEntries(properties.map(([name, part]) => [name, inner(part)])), { requiredKeys })
    }
    default:
      return anyJson
  }
}

const resolve = (document: Json, reference: string): Json =>
  reference.slice(2).split('/').reduce((at, part) => at[part.replaceAll('~1', '/').replaceAll('~0', '~')], document)

export interface Asked {
  readonly method: string
  /** With `{parameters}`. */
  readonly path: string
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly withToken: boolean
}

/** A value as a header may carry it. */
const headerText = (value: unknown): string => String(value).replaceAll(/[^\x20-\x7e]/g, '?').trim().slice(0, 2_000)
const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed()) || '%20'

/** Requests for every operation of a document: mostly as it says, often nearly so, sometimes not at all. */
export function requestsOf(document: Json, known: fc.Arbitrary<string>): fc.Arbitrary<Asked> {
  const operations = Object.entries(document['paths'] as Json).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([method, operation]) =>
      fc.oneof(requestOf(path, method.toUpperCase(), operation, false), requestOf(path, method.toUpperCase(), operation, true))))
  return fc.oneof(...operations)

  function requestOf(path: string, method: string, operation: Json, spoiled: boolean): fc.Arbitrary<Asked> {
    const source: Source = { document, known, spoiled }
    const parameters = (operation['parameters'] ?? []) as Json[]
    const named = (place: string) => parameters.filter((one) => one['in'] === place)
    const values = (place: string) =>
      fc.record(Object.fromEntries(named(place).map((one) => [one['name'], fromSchema(one['schema'] ?? {}, source)])), { requiredKeys: [] })
    const segment = spoiled ? fc.oneof(known, anyText) : known
    const content = Object.entries((operation['requestBody']?.content ?? {}) as Json)
    const bodies = content.map(([type, { schema }]) => {
      const value = fromSchema(schema ?? {}, source)
      if (type.includes('json') && !/ndjson|jsonl/.test(type)) return value.map((json) => ({ type, text: JSON.stringify(json) ?? '' }))
      if (type.includes('form-urlencoded')) {
        return value.map((json) => ({ type, text: new URLSearchParams(Object.entries(json ?? {}).map(([key, one]) => [key.toWellFormed(), asText(one).toWellFormed()])).toString() }))
      }
      return fc.array(fc.oneof(anyText, fc.constantFrom('name,email,achievement', 'Ada,ada@canary.example,Networks', '{"name":"A","email":"a@canary.example"}', '--B')), { maxLength: 8 })
        .map((lines) => ({ type: type === 'multipart/form-data' ? `${type}; boundary=B` : type, text: lines.join('\n') }))
    })
    const garbage = fc.record({ type: fc.constantFrom('application/json', 'text/plain', 'application/xml', 'application/json; charset=utf-16', 'x'), text: fc.oneof(anyText, fc.json()) })
    const body = bodies.length === 0
      ? fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: spoiled && method !== 'GET' ? 1 : 0, arbitrary: garbage })
      : fc.oneof({ weight: 9, arbitrary: fc.oneof(...bodies) }, { weight: spoiled ? 1 : 0, arbitrary: garbage })
    return fc
      .record({
        segments: fc.array(segment, { minLength: 4, maxLength: 4 }),
        query: values('query'),
        stray: spoiled ? fc.option(anyText, { freq: 10 }) : fc.constant(null),
        sent: values('header'),
        body,
        withToken: spoiled ? fc.integer({ min: 0, max: 9 }).map((one) => one > 0) : fc.constant(true),
      })
      .map(({ segments, query, stray, sent, body: given, withToken }) => {
        let at = 0
        const filled = path.replaceAll(/\{[^}]+\}/g, () => encoded(segments[at++ % segments.length] as string))
        const search = [...Object.entries(query).map(([name, one]) => `${encoded(name)}=${encoded(asText(one))}`), ...(stray === null ? [] : [`${encoded(stray)}=1`])].join('&')
        const headers = Object.fromEntries(Object.entries(sent).map(([name, one]) => [name, headerText(asText(one))]))
        return {
          method, path, withToken,
          address: filled + (search ? `?${search}` : ''),
          headers: { ...headers, ...(given && { 'content-type': given.type }) },
          body: given && Buffer.from(given.text),
        }
      })
  }
}
