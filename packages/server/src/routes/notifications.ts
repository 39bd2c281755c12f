import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { organizationIdOf, type StipendEnv } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, jsonBody, refusals, textInput, timeOutput, wholeNumberQuery } from '../schemas.ts'

const shared = { tags: ['Notifications'] }
const unreadOutput = z
  .int()
  .openapi({ description: 'At most 100; 0 for those whose preference inApp is false.' })

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/notifications',
  summary: 'Notices of the last 30 days, newest first, as the caller has read them',
  ...protectedRoute('GET /notifications'),
  request: {
    query: z.strictObject({
      limit: wholeNumberQuery(1, 200).optional(),
      cursor: textInput(18).optional().openapi({ description: 'nextCursor of the page before.' }),
    }),
  },
  responses: {
    200: jsonAnswer(
      z.object({
        notifications: z.array(
          z
            .object({
              id: z.string(),
              type: z.string().openapi({ example: 'credits.low_balance' }),
              payload: z
                .record(z.string(), z.unknown())
                .openapi({ description: 'Of the event, without where a payment can be made.' }),
              createdAt: timeOutput,
              isRead: z.boolean(),
            })
            .openapi('Notification'),
        ),
        unread: unreadOutput,
        nextCursor: z.string().nullable(),
      }),
      'A page',
    ),
    ...refusals,
  },
})

const readRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/notifications/read',
  summary: 'Mark notices up to one as read, for the caller alone',
  ...protectedRoute('POST /notifications/read'),
  request: {
    body: jsonBody(
      z
        .strictObject({
          upTo: z
            .string()
            .regex(/^\d{1,18}$/, 'must be the id of a notification')
            .openapi({ description: 'Id of the newest that was seen.' }),
        })
        .openapi('ReadNotificationsRequest'),
    ),
  },
  responses: { 200: jsonAnswer(z.object({ unread: unreadOutput }), 'How many are unread'), ...refusals },
})

/** Notices in the console. */
export function notificationRoutes() {
  const router = createRouter()
  const personOf = (c: Context<StipendEnv>) => ({
    organizationId: organizationIdOf(c),
    actor: c.var.principal.actor,
  })
  router.openapi(listRoute, async (c) => {
    const page = await c.var.engine.notifications.list(personOf(c), c.req.valid('query'))
    const notifications = page.notifications.map(({ payload, createdAt, ...same }) => ({
      ...same,
      // What jsonb answers is JSON already; the type of the answer asks for no more.
      payload: payload as Record<string, never>,
      createdAt: createdAt.toISOString(),
    }))
    return c.json({ ...page, notifications }, 200)
  })
  router.openapi(readRoute, async (c) => {
    const unread = await c.var.engine.notifications.markRead(personOf(c), c.req.valid('json').upTo)
    return c.json({ unread }, 200)
  })
  return router
}
