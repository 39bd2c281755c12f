import { errorOf, invalid } from '@stipend/engine'
import { createRouter, type StipendEnv } from '@stipend/server'
import type { Context } from 'hono'
import { z } from 'zod'
import { answerOf } from '../identity/answer-errors.ts'
import { type Auth, authPath, clientAddressHeader } from '../identity/auth.ts'
import { clientAddress } from '../identity/client-address.ts'
import type { SignIn } from '../identity/sign-in.ts'
import type { SignUpProof } from '../identity/sign-up-proof.ts'
import { remoteAddressOf } from './identify-customer.ts'

/** better-auth below /auth, behind the same limits and headers as every route, and the keys of its tokens. */
export function signInRoutes(signIn: SignIn, trustedProxies: number) {
  const { auth, signUpProof, trustedOrigins } = signIn
  const router = createRouter()
  const isKnown = endpointsOf(auth)
  router.on(['GET', 'POST'], `${authPath}/:endpoint{.+}`, async (c) => {
    const endpoint = c.req.path.slice(authPath.length)
    // Counters of limits are kept by path.
    if (!isKnown(endpoint)) throw errorOf('not_found')
    requireJson(c.req.header('content-type'))
    const response = await answerOf(() => auth.handler(withClientAddress(c, trustedProxies)))
    if (response.status === 404) throw errorOf('not_found')
    requireOwnRedirect(response, c.req.url, trustedOrigins)
    const answer = withRetryAfter(response)
    return endpoint === '/sign-up/email' ? await withProof(answer, signUpProof) : answer
  })
  router.get('/.well-known/jwks.json', async (c) => c.json(await auth.api.getJwks()))
  return router
}

/** Whether there is such an endpoint; some have a parameter (`/reset-password/:token`). */
function endpointsOf({ api }: Auth): (endpoint: string) => boolean {
  const paths = Object.values(api).flatMap((endpoint) =>
    'path' in endpoint && typeof endpoint.path === 'string' ? [endpoint.path] : [],
  )
  const patterns = paths.map((path) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]{1,512}')}$`))
  return (endpoint) => patterns.some((pattern) => pattern.test(endpoint))
}

/** Whatever a callback names: better-auth looks at it before it puts the address together. */
function requireOwnRedirect(response: Response, url: string, trustedOrigins: readonly string[]): void {
  const location = response.headers.get('location')
  if (location === null || response.status < 300 || response.status >= 400) return
  const { origin } = new URL(location, url)
  if (origin === new URL(url).origin || trustedOrigins.includes(origin)) return
  throw invalid('callbackURL', 'must lead to a page of this product')
}

/** The answer is the same for an address that has an account: then the id is nobody's. */
async function withProof(response: Response, signUpProof: SignUpProof): Promise<Response> {
  if (!response.ok) return response
  const body: unknown = await response.clone().json()
  const userId = z.object({ user: z.object({ id: z.string() }) }).safeParse(body).data?.user.id
  if (userId === undefined) return response
  const answer = new Response(response.body, response)
  answer.headers.append('set-cookie', signUpProof.cookieFor(userId))
  return answer
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
