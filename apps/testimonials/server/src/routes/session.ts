import { createRoute, z } from '@hono/zod-openapi'
import { createRouter, jsonAnswer, type PaymentsMode, refusals, roles } from '@stipend/server'
import type { PersonsOrganization } from '../identity/current-session.ts'
import type { SignIn } from '../identity/sign-in.ts'

const sessionOutput = z
  .object({
    person: z
      .object({ id: z.string(), name: z.string(), email: z.string() })
      .nullable()
      .openapi({ description: 'null: nobody is signed in.' }),
    isOperator: z.boolean().openapi({ description: 'Of the platform: the operator’s pages are shown.' }),
    organizations: z.array(
      z.object({ id: z.string(), slug: z.string(), name: z.string(), role: z.enum(roles) }),
    ),
    signInWith: z.array(z.enum(['password', 'google'])),
    simulated: z
      .boolean()
      .openapi({ description: 'No model provider is configured: answers are simulated.' }),
    payments: z
      .enum(['stripe', 'stripe_test', 'sandbox', 'none'])
      .openapi({ description: 'Who takes payments; in a sandbox or test mode no money moves.' }),
  })
  .openapi('Session')

const sessionRoute = createRoute({
  method: 'get',
  path: '/session',
  summary: 'Who is signed in by the cookie, and where to',
  tags: ['People'],
  responses: { 200: jsonAnswer(sessionOutput, 'The session'), ...refusals },
})

interface Given {
  /** null: people sign in elsewhere. */
  signIn: SignIn | null
  simulated: boolean
  payments: PaymentsMode
}

/** What a page asks first. */
export function sessionRoutes({ signIn, simulated, payments }: Given) {
  const router = createRouter()
  router.openapi(sessionRoute, async (c) => {
    const found = (await signIn?.currentSession(c.req.raw.headers)) ?? null
    const organizations: PersonsOrganization[] = found?.organizations ?? []
    return c.json(
      {
        person: found?.person ?? null,
        isOperator: found?.isOperator ?? false,
        organizations,
        signInWith: [...(signIn?.ways ?? [])],
        simulated,
        payments,
      },
      200,
    )
  })
  return router
}
