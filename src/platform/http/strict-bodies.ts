import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import { z } from 'zod'

/**
 * Throws when a public route takes a JSON body that lets unknown fields through, or that may be left out: a field
 * that is misspelled must be told, not dropped. Build bodies from `z.strictObject`, and give them `required: true`.
 */
export function assertStrictBodies(app: OpenAPIHono<any, any, any>): void {
  const faults: string[] = []
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const route = definition.route as RouteConfig
    const body = route.request?.body
    for (const [media, { schema }] of Object.entries(body?.content ?? {}) as [string, { schema: unknown }][]) {
      if (!/json/.test(media) || !(schema instanceof z.ZodType)) continue
      const name = `${route.method.toUpperCase()} ${route.path}`
      if (!body?.required) faults.push(`${name}: the body needs required: true`)
      for (const path of looseObjects(schema)) faults.push(`${name}: ${path || 'the body'} must be a z.strictObject`)
    }
  }
  if (faults.length > 0) throw new Error(`Public bodies must refuse unknown fields.\n${faults.join('\n')}`)
}

/**
 * Paths of the objects in a schema that accept fields which they do not name. A record names none, and is no such
 * object.
 */
export const looseObjects = (schema: z.ZodType): string[] =>
  objectsWhere(schema, (node) => node.additionalProperties !== false)

/** Paths of the objects in a schema that refuse fields which they do not name. */
export const strictObjects = (schema: z.ZodType): string[] =>
  objectsWhere(schema, (node) => node.additionalProperties === false)

type Node = Readonly<Record<string, unknown>>

function objectsWhere(schema: z.ZodType, matches: (object: Node) => boolean): string[] {
  const found: string[] = []
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) return node.forEach((item) => visit(item, path))
    const object = node as Node
    if (object.type === 'object' && object.properties && matches(object)) found.push(path)
    for (const [key, child] of Object.entries(object)) {
      if (key === 'properties' || key === '$defs') {
        for (const [field, value] of Object.entries(child as object)) visit(value, path ? `${path}.${field}` : field)
      } else if (key !== 'default' && key !== 'enum' && key !== 'const' && key !== 'examples') visit(child, path)
    }
  }
  // As input: there an object is closed only when it was declared strict.
  visit(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), '')
  return found
}
