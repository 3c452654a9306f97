import { createHash } from 'node:crypto'
import type { Hono } from 'hono'

export interface DocsOptions {
  /** `/openapi.json`: made when asked for, because a remote module may have come up since. */
  readonly document: () => Promise<object> | object
  /** The standalone build of @scalar/api-reference, from the package or from inside the single executable. */
  readonly script: () => Promise<Uint8Array>
}

/**
 * `/openapi.json`, and `/docs`: the API reference by Scalar, served from here alone. Its page runs no inline script;
 * it may set inline styles, which Scalar does, and asks no other origin for anything.
 */
export function mountDocs(app: Hono<any, any, any>, options: DocsOptions): void {
  let script: Promise<{ content: Uint8Array; tag: string }> | undefined
  const loadScript = () => {
    script ??= options.script().then((content) => ({ content, tag: hashOf(content) }))
    script.catch(() => (script = undefined))
    return script
  }

  app.get('/openapi.json', async (c) =>
    c.json(await options.document(), 200, {
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=60',
    }),
  )
  app.get('/docs', (c) =>
    c.html(page, 200, { 'content-security-policy': policy, 'cache-control': 'public, max-age=300' }),
  )
  app.get('/docs/start.js', (c) => c.body(start, 200, { 'content-type': 'text/javascript; charset=utf-8' }))
  app.get('/docs/reference.js', async (c) => {
    const { content, tag } = await loadScript()
    if (c.req.header('if-none-match') === tag) return c.body(null, 304)
    return c.body(content as Uint8Array<ArrayBuffer>, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=3600',
      etag: tag,
    })
  })
}

const hashOf = (content: Uint8Array): string =>
  `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; form-action 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'"

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Vellum API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
</head>
<body>
<div id="reference"></div>
<noscript>The reference needs JavaScript. The same as data: <a href="/openapi.json">/openapi.json</a></noscript>
<script src="/docs/reference.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

/** Nothing is fetched from elsewhere: no web fonts, no telemetry, no proxy for the requests that a reader tries. */
const start = `Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  persistAuth: false,
})
`
