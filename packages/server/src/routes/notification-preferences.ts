import { createRoute, z } from '@hono/zod-openapi'
import { errorOf } from '@stipend/engine'
import type { Context } from 'hono'
import { organizationIdOf, type StipendEnv } from '../context.ts'
import { protectedRoute, reaches } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, jsonBody, refusals } from '../schemas.ts'

const shared = { tags: ['Notifications'], path: '/notification-preferences' }
const fields = {
  lowBalancePercent: z
    .int('must be a whole number from 10 to 50')
    .min(10, 'must be a whole number from 10 to 50')
    .max(50, 'must be a whole number from 10 to 50')
    .openapi({
      description: 'Of the monthly credits: below it the balance is low. The organization’s; set by admins.',
    }),
  lowBalanceEmail: z.boolean().openapi({ description: 'One’s own, as the next ones.' }),
  depletedEmail: z.boolean(),
  weeklyDigestEmail: z.boolean(),
}
const preferencesOutput = z.object(fields).openapi('NotificationPreferences')
const preferencesInput = z
  .strictObject(fields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field')
  .openapi('NotificationPreferencesRequest')

const getRoute = createRoute({
  ...shared,
  method: 'get',
  summary: 'What the caller wants to be told of credits, and when they are low',
  ...protectedRoute('GET /notification-preferences'),
  responses: { 200: jsonAnswer(preferencesOutput, 'The preferences'), ...refusals },
})

const putRoute = createRoute({
  ...shared,
  method: 'put',
  summary: 'Change them; what is left out stays',
  ...protectedRoute('PUT /notification-preferences'),
  request: { body: jsonBody(preferencesInput) },
  responses: { 200: jsonAnswer(preferencesOutput, 'The preferences'), ...refusals },
})

/** Preferences of the organization and of the person who asks. */
export function notificationPreferenceRoutes() {
  const router = createRouter()
  const recipientOf = (c: Context<StipendEnv>) => ({
    organizationId: organizationIdOf(c),
    actor: c.var.principal.actor,
  })
  router.openapi(getRoute, async (c) => {
    return c.json(await c.var.engine.getNotificationPreferences(recipientOf(c)), 200)
  })
  router.openapi(putRoute, async (c) => {
    const changes = c.req.valid('json')
    const { role } = c.var.principal
    if (changes.lowBalancePercent !== undefined && role !== null && !reaches(role, 'admin')) {
      const message = 'The threshold is the organization’s: an admin or owner sets it.'
      throw errorOf('forbidden', { message, field: 'lowBalancePercent', role: 'admin' })
    }
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
    return c.json(await c.var.engine.putNotificationPreferences(recipientOf(c), given), 200)
  })
  return router
}
