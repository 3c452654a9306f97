import type { MiddlewareHandler } from 'hono'
import { Problem } from '../problem.ts'
import type { PublicEnvironment } from './app.ts'

/**
 * Refuses what no part behind can keep or compare: control characters in a path or a query, bodies in another encoding
 * than plain UTF-8. Postgres takes no U+0000 in a text; what a store cannot hold must be told, not fail.
 */
export function wellFormed(): MiddlewareHandler<PublicEnvironment> {
  return (c, next) => {
    if (/%(?:[01][0-9a-f]|7f)/i.test(c.req.url)) {
      throw new Problem('bad-request', 'Take the control characters out of the address.')
    }
    const { method } = c.req
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return next()
    const encoding = c.req.header('content-encoding')
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      throw new Problem('unsupported-media-type', 'Send the body as it is, without Content-Encoding.')
    }
    const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(c.req.header('content-type') ?? '')?.[1]
    if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
      throw new Problem('unsupported-media-type', 'Send the body in UTF-8.')
    }
    return next()
  }
}

const suspicious = /\\u(?:0000|d[89a-f])/i
/** In text that `JSON.stringify` wrote, whole pairs stand unescaped: an escaped surrogate is half a character. */
const unkeepable = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/** Throws `Problem('bad-request')` where a string in this JSON text holds U+0000 or half a character. */
export function refuseUnkeepableText(json: string): void {
  if (!suspicious.test(json)) return
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    // Whoever reads the body tells.
    return
  }
  if (unkeepable.test(JSON.stringify(value))) {
    throw new Problem('bad-request', 'Take U+0000 and halves of surrogate pairs out of the JSON; no text can hold them.')
  }
}
