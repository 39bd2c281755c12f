import type { OpenAPIHono } from '@hono/zod-openapi'
import type { StipendEnv } from './context.ts'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The methods that an app has routes for at a path; middleware for every method is none. */
export function allowedMethods(app: OpenAPIHono<StipendEnv>, path: string): string[] {
  const found = methods.filter((method) => {
    const [handlers] = app.router.match(method, path)
    return handlers.some(([[, route]]) => route.method === method)
  })
  return found.includes('GET') ? ['GET', 'HEAD', ...found.slice(1)] : [...found]
}
