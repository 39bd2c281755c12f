import { errorOf, invalid } from '@stipend/engine'
import { createRouter, type StipendEnv } from '@stipend/server'
import type { Context } from 'hono'
import { answerOf } from '../identity/answer-errors.ts'
import { type Auth, authPath, clientAddressHeader } from '../identity/auth.ts'
import { clientAddress } from '../identity/client-address.ts'
import { remoteAddressOf } from './identify-customer.ts'

/** better-auth below /auth, behind the same limits and headers as every route, and the keys of its tokens. */
export function signInRoutes(auth: Auth, trustedProxies: number) {
  const router = createRouter()
  router.on(['GET', 'POST'], `${authPath}/:endpoint{.+}`, async (c) => {
    requireJson(c.req.header('content-type'))
    const response = await answerOf(() => auth.handler(withClientAddress(c, trustedProxies)))
    if (response.status === 404) throw errorOf('not_found')
    return withRetryAfter(response)
  })
  router.get('/.well-known/jwks.json', async (c) => c.json(await auth.api.getJwks()))
  return router
}

/** Forms of other pages need no permission to be sent; JSON does. */
function requireJson(contentType: string | undefined): void {
  if (contentType === undefined || /^application\/json *(;|$)/i.test(contentType)) return
  throw invalid('Content-Type', 'must be application/json')
}

/** The request with the address that its limits count by. */
function withClientAddress(c: Context<StipendEnv>, trustedProxies: number): Request {
  const address = clientAddress(remoteAddressOf(c.env), c.req.header('x-forwarded-for'), trustedProxies)
  const request = new Request(c.req.raw)
  if (address === null) request.headers.delete(clientAddressHeader)
  else request.headers.set(clientAddressHeader, address)
  return request
}

function withRetryAfter(response: Response): Response {
  const seconds = response.headers.get('x-retry-after')
  if (seconds === null) return response
  const answer = new Response(response.body, response)
  answer.headers.set('retry-after', seconds)
  answer.headers.delete('x-retry-after')
  return answer
}
