import { z } from '@hono/zod-openapi'
import { eventTypes, isEventType, type WebhookDelivery, type WebhookEndpoint } from '@stipend/engine'
import { textInput, timeOrNull, timeOutput } from '../schemas.ts'

const eventsInput = z
  .array(
    z
      .string()
      .max(100)
      .refine(isEventType, `must name types of events, such as ${eventTypes.join(', ')}, or the host’s own`),
  )
  .min(1, 'must name at least one type, or be null for all')
  .max(50)
  .nullable()
  .openapi({
    description: 'null: all types but credits.consumption, which comes to those who name it.',
    example: ['credits.low_balance', 'credits.depleted'],
  })

const settings = {
  url: textInput(2_000).openapi({
    description: 'https://, on a public address.',
    example: 'https://example.com/hooks/stipend',
  }),
  description: textInput(200).nullable(),
  events: eventsInput,
  enabled: z.boolean(),
}

export const endpointInput = z
  .strictObject({
    url: settings.url,
    description: settings.description.optional(),
    events: settings.events.optional(),
  })
  .openapi('WebhookEndpointRequest')

export const endpointChange = z
  .strictObject(settings)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field')
  .openapi('WebhookEndpointChange')

export const endpointShape = {
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  events: z.array(z.string()).nullable().openapi({ description: 'null: all but credits.consumption.' }),
  enabled: z.boolean(),
  disabledReason: z.enum(['by_admin', 'failing', 'gone']).nullable().openapi({
    description: 'failing: nothing but failures for five days; gone: it answered 410.',
  }),
  disabledAt: timeOutput.nullable(),
  failingSince: timeOutput.nullable().openapi({ description: 'The first failure after the last success.' }),
  lastAttemptAt: timeOutput.nullable(),
  lastDeliveredAt: timeOutput.nullable(),
  lastStatus: z.int().nullable().openapi({ description: 'HTTP status of the last attempt.' }),
  lastError: z.string().nullable().openapi({
    description:
      'Kind of the last failure: status, redirect, gone, timeout, connection, address_refused, url_refused, secret_unreadable.',
  }),
  previousSecretExpiresAt: timeOutput.nullable().openapi({
    description: 'While a secret is replaced: until when the one before signs too.',
  }),
  createdAt: timeOutput,
}

export const endpointSchema = z.object(endpointShape).openapi('WebhookEndpoint')

export const deliverySchema = z
  .object({
    id: z.string(),
    eventId: z.string().openapi({ description: 'The same at every attempt: the header webhook-id.' }),
    type: z.string(),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z
      .array(
        z.object({
          at: timeOutput,
          status: z.int().nullable(),
          error: z.string().nullable(),
          ms: z.int(),
        }),
      )
      .openapi({ description: 'Oldest first, at most the last 20. What was answered is not kept.' }),
    nextAttemptAt: timeOutput.nullable(),
    createdAt: timeOutput,
  })
  .openapi('WebhookDelivery')

export function endpointJson(endpoint: WebhookEndpoint) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    events: endpoint.events === null ? null : [...endpoint.events],
    enabled: endpoint.isEnabled,
    disabledReason: endpoint.disabledReason,
    disabledAt: timeOrNull(endpoint.disabledAt),
    failingSince: timeOrNull(endpoint.failingSince),
    lastAttemptAt: timeOrNull(endpoint.lastAttemptAt),
    lastDeliveredAt: timeOrNull(endpoint.lastSuccessAt),
    lastStatus: endpoint.lastStatus,
    lastError: endpoint.lastError,
    previousSecretExpiresAt: timeOrNull(endpoint.previousSecretExpiresAt),
    createdAt: endpoint.createdAt.toISOString(),
  }
}

export function deliveryJson({ attempts, nextAttemptAt, createdAt, ...same }: WebhookDelivery) {
  return {
    ...same,
    attempts: attempts.map(({ at, ...attempt }) => ({ at: at.toISOString(), ...attempt })),
    nextAttemptAt: timeOrNull(nextAttemptAt),
    createdAt: createdAt.toISOString(),
  }
}
