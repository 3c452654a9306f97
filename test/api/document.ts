import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

type Json = Record<string, any>

export interface ApiOperation {
  readonly method: string
  /** With `{parameters}`, as the document has it. */
  readonly path: string
  /** Undefined where no token is needed. */
  readonly scope: string | undefined
  readonly body: readonly string[]
  readonly query: readonly string[]
}

/** Every operation of an OpenAPI document. */
export const operationsOf = (document: Json): ApiOperation[] =>
  Object.entries(document.paths as Json).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      scope: (operation.security as Json[])?.flatMap(({ oauth2 }) => oauth2 ?? [])[0] as string | undefined,
      body: Object.keys(operation.requestBody?.content ?? {}),
      query: ((operation.parameters ?? []) as Json[]).filter((one) => one.in === 'query').map((one) => one.name as string),
    })),
  )

const pointer = (...parts: string[]): string => parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')

/** Tells what is wrong with an answer, against the document; nothing when it is as promised. */
export function createAnswerCheck(document: Json): (method: string, path: string, answer: { status: number, type: string, body: unknown }) => string[] {
  const ajv = new (Ajv2020 as unknown as typeof Ajv2020.default)({ strict: false, allErrors: true })
  ;(addFormats as unknown as typeof addFormats.default)(ajv)
  ajv.addSchema({ $id: 'https://api.test/', ...document } as object)
  return (method, path, { status, type, body }) => {
    const operation = document.paths[path]?.[method.toLowerCase()]
    if (!operation) return [`${method} ${path} is not in the document`]
    const key = operation.responses[status] ? String(status) : 'default'
    const found = operation.responses[key]
    if (!found || (key === 'default' && status < 400)) return [`${method} ${path} does not tell of ${status}`]
    const response = found.$ref ? document.components.responses.Problem : found
    const media = type.split(';')[0]!
    const content = response.content?.[media]
    if (!content) return [`${method} ${path} does not tell of ${status} as ${media}`]
    const at = found.$ref
      ? pointer('components', 'responses', 'Problem')
      : pointer('paths', path, method.toLowerCase(), 'responses', key)
    if (!/json|vc/.test(media)) return []
    const validate = ajv.compile({ $ref: `https://api.test/#/${at}/${pointer('content', media, 'schema')}` })
    return validate(body) ? [] : [`${method} ${path} ${status}: ${ajv.errorsText(validate.errors)}`]
  }
}
