import { createRoute, z } from '@hono/zod-openapi'
import { errorOf } from '@stipend/engine'
import type { Context } from 'hono'
import { organizationIdOf, type StipendEnv } from '../context.ts'
import { checkSlackUrl } from '../notifications/check-url.ts'
import { postToSlack, slackTestText } from '../notifications/send-slack.ts'
import { type NotificationContext, slackPlace } from '../notifications/settings.ts'
import { protectedRoute, reaches } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, jsonBody, refusals, textInput } from '../schemas.ts'

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
  weeklyDigestEmail: z.boolean().openapi({ description: 'Mondays at 8:00 UTC, of the week before.' }),
  inApp: z.boolean().openapi({ description: 'Whether notices are counted as unread.' }),
}
const slackOutput = z
  .object({
    connected: z.boolean(),
    lastError: z.string().nullable().openapi({
      description: 'Kind of failure of the last post, such as http_404 or timeout; null: it went well.',
    }),
  })
  .openapi('SlackConnection')
const preferencesOutput = z
  .object({
    ...fields,
    slack: slackOutput.openapi({ description: 'The organization’s; its address is never answered.' }),
  })
  .openapi('NotificationPreferences')
const preferencesInput = z
  .strictObject({
    ...fields,
    slackWebhookUrl: textInput(500).nullable().openapi({
      description: 'The organization’s; set by admins. The address of an incoming webhook; null disconnects.',
    }),
  })
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

const testRoute = createRoute({
  ...shared,
  path: '/notification-preferences/slack/test',
  method: 'post',
  summary: 'Post a line to the Slack channel now; the answer says how it went',
  ...protectedRoute('POST /notification-preferences/slack/test'),
  responses: { 200: jsonAnswer(slackOutput, 'How it went'), ...refusals },
})

/** Of the whole organization, so for its admins to set. */
const organizationFields = ['lowBalancePercent', 'slackWebhookUrl'] as const

/** Preferences of the organization and of the person who asks. */
export function notificationPreferenceRoutes({ notifications }: { notifications: NotificationContext }) {
  const { options, secrets } = notifications
  const router = createRouter()
  const recipientOf = (c: Context<StipendEnv>) => ({
    organizationId: organizationIdOf(c),
    actor: c.var.principal.actor,
  })
  router.openapi(getRoute, async (c) => {
    return c.json(await c.var.engine.getNotificationPreferences(recipientOf(c)), 200)
  })
  router.openapi(putRoute, async (c) => {
    const { slackWebhookUrl, ...changes } = c.req.valid('json')
    const { role } = c.var.principal
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
    const shared = organizationFields.find((field) => c.req.valid('json')[field] !== undefined)
    if (shared !== undefined && role !== null && !reaches(role, 'admin')) {
      const message = `${shared} is the organization’s: an admin or owner sets it.`
      throw errorOf('forbidden', { message, field: shared, role: 'admin' })
    }
    const recipient = recipientOf(c)
    const sealed = (url: string) =>
      secrets.seal(checkSlackUrl(url, options), slackPlace(recipient.organizationId))
    return c.json(
      await c.var.engine.putNotificationPreferences(recipient, {
        ...given,
        ...(slackWebhookUrl === undefined
          ? {}
          : { slackUrl: slackWebhookUrl === null ? null : sealed(slackWebhookUrl) }),
      }),
      200,
    )
  })
  router.openapi(testRoute, async (c) => {
    const organizationId = organizationIdOf(c)
    const { engine } = c.var
    const { name } = await engine.getOrganization(organizationId)
    const storedUrl = await engine.notifications.slackUrl(organizationId)
    if (storedUrl === null) {
      throw errorOf('not_found', { message: 'No Slack channel is connected: set slackWebhookUrl first.' })
    }
    const lastError = await postToSlack(notifications, {
      organizationId,
      storedUrl,
      text: slackTestText(name),
    })
    await engine.notifications.noteSlack(organizationId, lastError)
    return c.json({ connected: true, lastError }, 200)
  })
  return router
}
