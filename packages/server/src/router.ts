import { OpenAPIHono } from '@hono/zod-openapi'
import { getPath } from 'hono/utils/url'
import type { StipendEnv } from './context.ts'
import { invalidRequestOf } from './invalid-request.ts'
import { handleError } from './problem.ts'

/**
 * A router whose routes refuse as Stipend's do: bad input as invalid_request, everything thrown as problem+json.
 * A host mounts its own on `stipend.app.route('/', router)` and finds them in the same openapi.json.
 */
export function createRouter({ basePath }: { basePath?: string | undefined } = {}): OpenAPIHono<StipendEnv> {
  const router = new OpenAPIHono<StipendEnv>({
    ...(basePath === undefined ? {} : { getPath: pathBelow(basePath) }),
    defaultHook: (result) => {
      if (!result.success) throw invalidRequestOf(result.error)
    },
  })
  router.onError(handleError)
  return router
}

/** The path that is routed: without the base path where it begins with it, whole segments only. */
function pathBelow(basePath: string): (request: Request) => string {
  const base = basePath.replace(/\/+$/, '')
  return (request) => {
    const path = getPath(request)
    if (path === base) return '/'
    return path.startsWith(`${base}/`) ? path.slice(base.length) : path
  }
}
