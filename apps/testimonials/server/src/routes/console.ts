import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import { errorOf } from '@stipend/engine'
import { createRouter, type StipendEnv } from '@stipend/server'
import type { Context } from 'hono'

/** Everything is served from here. Components set style attributes, which needs no more than the attributes' rule. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Addresses of the console's router: each is answered with the one page. */
const pages = [
  '/app',
  '/app/*',
  '/sign-in',
  '/sign-up',
  '/forgot-password',
  '/reset-password',
  '/accept-invitation',
  '/f/:formId',
]

const year = 31_536_000

/** The console as `vite build` left it in a folder, on the same origin as the API. */
export function consoleRoutes(folder: string) {
  const router = createRouter()
  const file = (cacheControl: string, path?: string) => {
    const serve = serveStatic<StipendEnv>({ root: folder, precompressed: true, ...(path && { path }) })
    return async (c: Context<StipendEnv>) => {
      const response = await serve(c, async () => undefined)
      if (!(response instanceof Response)) throw errorOf('not_found')
      response.headers.set('Cache-Control', cacheControl)
      return response
    }
  }
  router.get('/', (c) => c.redirect('app', 302))
  // Their names change with their content.
  router.get('/assets/*', file(`public, max-age=${year}, immutable`))
  for (const path of ['/favicon.svg', '/theme.js']) router.get(path, file('public, max-age=3600'))
  const page = file('no-cache', 'index.html')
  for (const path of pages) {
    router.get(path, async (c) => {
      const response = await page(c)
      response.headers.set('Content-Security-Policy', contentSecurityPolicy)
      return response
    })
  }
  return router
}

/** Whether the console was built. */
export const isBuilt = (folder: string): boolean => existsSync(join(folder, 'index.html'))
