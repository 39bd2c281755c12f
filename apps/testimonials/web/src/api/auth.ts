import { clientCodes, StipendProblem, unreachable } from '@stipend/client'
import { createAuthClient } from 'better-auth/client'
import { organizationClient } from 'better-auth/client/plugins'

/** Sign-in and organizations, below /auth. Use it in {@link auth}. */
export const authClient = createAuthClient({
  baseURL: `${location.origin}/auth`,
  plugins: [organizationClient()],
})

type AuthAnswer<Data> =
  | { data: Data; error: null }
  | { data: null; error: { status: number; code?: string | undefined; message?: string | undefined } }

/** What better-auth answers. @throws StipendProblem with its code, such as INVALID_EMAIL_OR_PASSWORD. */
export async function auth<Data>(call: Promise<AuthAnswer<Data>>): Promise<Data> {
  const { data, error } = await call.catch((cause) => Promise.reject(unreachable(cause)))
  if (error === null) return data as Data
  const { status, code = clientCodes.unreadable, message = code } = error
  throw new StipendProblem({ status, code, detail: message, retryable: status >= 500 || status === 429 })
}
