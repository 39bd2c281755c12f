import { OpenAPIHono } from '@hono/zod-openapi'
import type { StipendEnv } from './context.ts'
import { invalidRequestOf } from './invalid-request.ts'
import { handleError } from './problem.ts'

/**
 * A router whose routes refuse as Stipend's do: bad input as invalid_request, everything thrown as problem+json.
 * A host mounts its own on `stipend.app.route('/', router)` and finds them in the same openapi.json.
 */
export function createRouter(): OpenAPIHono<StipendEnv> {
  const router = new OpenAPIHono<StipendEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequestOf(result.error)
    },
  })
  router.onError(handleError)
  return router
}
