import { createStipendClient, problemOfBody, unreachable } from '@stipend/client'
import createFetchClient from 'openapi-fetch'
import { reactive } from 'vue'
import type { paths } from './api.generated.ts'

/** What requests say of who asks; the router sets it before a page is shown. */
export const requestContext = reactive({
  organizationId: null as string | null,
  /** On the operator's pages: asks in that role. */
  isOperator: false,
  /** Called where the server no longer knows who is signed in. */
  onSignedOut: () => {},
})

const organizationHeaders = (): Record<string, string> => ({
  ...(requestContext.organizationId === null
    ? {}
    : { 'stipend-organization': requestContext.organizationId }),
  ...(requestContext.isOperator ? { 'x-hasura-role': 'operator' } : {}),
})

async function send(request: Request): Promise<Response> {
  const response = await fetch(request)
  if (response.status === 401) requestContext.onSignedOut()
  return response
}

const baseUrl = location.origin

/** Every route of the product, typed. Use it in {@link read}. */
export const http = createFetchClient<paths>({ baseUrl, fetch: send })
http.use({
  onRequest: ({ request }) => {
    for (const [name, value] of Object.entries(organizationHeaders())) request.headers.set(name, value)
  },
})

/** For the components of @stipend/vue. */
export const stipendClient = createStipendClient({ baseUrl, fetch: send, headers: organizationHeaders })

/** The answer's body. @throws StipendProblem with what the server says, or that it could not be reached. */
export async function read<Data>(
  call: Promise<{ data?: Data | undefined; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call.catch((cause) => Promise.reject(unreachable(cause)))
  if (response.ok) return data as Data
  throw problemOfBody(error, response)
}
