import { createRoute, z } from '@hono/zod-openapi'
import {
  createRouter,
  jsonAnswer,
  organizationIdOf,
  protect,
  type RouteAccess,
  refusals,
  roles,
  timeOutput,
} from '@stipend/server'
import type { SignIn } from '../identity/sign-in.ts'

/** Names of colleagues are everybody's; addresses and invitations are for who has to do with them. */
const access: RouteAccess = { role: 'viewer', scopes: ['admin'], target: 'organization' }

const membersRoute = createRoute({
  method: 'get',
  path: '/members',
  summary: 'Who belongs to the organization, and who was invited',
  tags: ['People'],
  ...protect(access),
  responses: {
    200: jsonAnswer(
      z.object({
        members: z.array(
          z
            .object({
              id: z.string().openapi({ description: 'Of the membership.' }),
              userId: z.string().openapi({ description: 'Of the person: the actor of their ledger rows.' }),
              name: z.string(),
              email: z.string().nullable().openapi({ description: 'null for viewers.' }),
              role: z.enum(roles),
              createdAt: timeOutput,
            })
            .openapi('Member'),
        ),
        invitations: z
          .array(
            z
              .object({
                id: z.string(),
                email: z.string(),
                role: z.enum(roles),
                invitedBy: z.string(),
                expiresAt: timeOutput,
              })
              .openapi('Invitation'),
          )
          .openapi({ description: 'Pending ones; empty for viewers.' }),
      }),
      'The members, owners first',
    ),
    ...refusals,
  },
})

/** People of the organization; they are changed below /auth/organization. `signIn` null: people sign in elsewhere. */
export function memberRoutes(signIn: Pick<SignIn, 'listMembers'> | null) {
  const router = createRouter()
  router.openapi(membersRoute, async (c) => {
    const none = { members: [], invitations: [] }
    const { members, invitations } = (await signIn?.listMembers(organizationIdOf(c))) ?? none
    const isViewer = c.var.principal.role === 'viewer'
    return c.json(
      {
        members: members.map(({ createdAt, email, ...member }) => ({
          ...member,
          email: isViewer ? null : email,
          createdAt: createdAt.toISOString(),
        })),
        invitations: isViewer
          ? []
          : invitations.map(({ expiresAt, ...invitation }) => ({
              ...invitation,
              expiresAt: expiresAt.toISOString(),
            })),
      },
      200,
    )
  })
  return router
}
