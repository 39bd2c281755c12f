import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { errorOf } from '@stipend/engine'
import type { StipendEnv } from '../context.ts'
import { documentHead } from '../openapi-document.ts'

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Stipend API</title>
    <link rel="icon" href="docs/favicon-32x32.png">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`

const startScript = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
})
`

/** Swagger UI sets style attributes; everything is served from here. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

const swaggerFolder = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))

/**
 * /openapi.json, with the routes that a host has added before the first request for it, and /docs, a page over it. Anybody
 * may ask, so both are made once and kept.
 */
export function documentationRoutes(app: OpenAPIHono<StipendEnv>): void {
  let document: { text: string; etag: string } | null = null
  app.get('/openapi.json', (c) => {
    document ??= withEtag(JSON.stringify(app.getOpenAPI31Document(documentHead)))
    c.header('ETag', document.etag)
    c.header('Cache-Control', 'no-cache')
    if (c.req.header('if-none-match') === document.etag) return c.body(null, 304)
    return c.body(document.text, 200, { 'Content-Type': 'application/json' })
  })
  app.get('/docs', (c) => {
    c.header('Content-Security-Policy', contentSecurityPolicy)
    return c.html(page)
  })
  // Relative, so that it holds wherever a host mounts the API.
  app.get('/docs/', (c) => c.redirect('../docs', 308))
  app.get('/docs/start.js', (c) => {
    c.header('Content-Type', 'text/javascript; charset=utf-8')
    return c.body(startScript)
  })
  app.get('/docs/:asset', async (c) => {
    const name = c.req.param('asset')
    const contentType = Object.hasOwn(assets, name) ? assets[name] : undefined
    if (contentType === undefined) throw errorOf('not_found')
    const content = await readAsset(name)
    return c.body(content, 200, { 'Content-Type': contentType, 'Cache-Control': 'public, max-age=86400' })
  })
}

function withEtag(text: string): { text: string; etag: string } {
  return { text, etag: `"${hash('sha256', text, 'base64url')}"` }
}

const contents = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()

/** Read once; what could not be read is tried again. */
function readAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = contents.get(name)
  if (known !== undefined) return known
  const reading = readFile(join(swaggerFolder, name)).then((content) => new Uint8Array(content))
  contents.set(name, reading)
  reading.catch(() => contents.delete(name))
  return reading
}
