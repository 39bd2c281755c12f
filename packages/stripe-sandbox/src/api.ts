import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { Hono } from 'hono'
import { parse } from 'qs'
import { ApiError, invalidRequest } from './api-error.ts'
import { expanded } from './expand.ts'
import { billingPortalRoutes } from './objects/billing-portal.ts'
import { chargeRoutes } from './objects/charges.ts'
import { checkoutRoutes } from './objects/checkout-sessions.ts'
import { customerRoutes } from './objects/customers.ts'
import { disputeRoutes } from './objects/disputes.ts'
import { includedList, invoiceRoutes } from './objects/invoices.ts'
import { paymentIntentRoutes } from './objects/payment-intents.ts'
import { paymentMethodRoutes } from './objects/payment-methods.ts'
import { priceRoutes } from './objects/prices.ts'
import { productRoutes } from './objects/products.ts'
import { refundRoutes } from './objects/refunds.ts'
import { subscriptionRoutes } from './objects/subscriptions.ts'
import { testClockRoutes } from './objects/test-clocks.ts'
import { webhookEndpointRoutes } from './objects/webhook-endpoints.ts'
import { isRecord, Parameters } from './parameters.ts'
import { findRoute, type Route } from './routes.ts'
import type { World } from './world.ts'

/** A request as it came, for whoever looks on. */
export interface SeenRequest {
  method: string
  path: string
  /** Every leaf a text. */
  parameters: Readonly<Record<string, unknown>>
}

export interface ApiOptions {
  /** Default: any that begins with `sk_test_` or `rk_test_`. */
  secretKey?: string | undefined
  onRequest?: ((request: SeenRequest) => void) | undefined
}

/** The HTTP API below /v1. */
export function apiRoutes(world: World, options: ApiOptions): Hono {
  const routes = routesOf(world)
  const replays = new Map<string, { hash: string; status: number; body: unknown }>()
  const app = new Hono()
  app.all('/v1/*', async (c) => {
    const requestId = `req_${world.store.newSuffix()}`
    const { status, body } = await answer(c, requestId)
    return c.json(body as object, status as 200, {
      'Request-Id': requestId,
      'Stripe-Version': '2026-10-28.endive',
    })
  })
  return app

  async function answer(c: Context, requestId: string): Promise<{ status: number; body: unknown }> {
    try {
      requireKey(c.req.header('authorization'), options.secretKey)
      const { method, path } = c.req
      const parameters = await readParameters(c)
      options.onRequest?.({ method, path, parameters })
      const key = method === 'POST' ? c.req.header('idempotency-key') : undefined
      const hash = createHash('sha256')
        .update(JSON.stringify([path, parameters]))
        .digest('hex')
      const first = key === undefined ? undefined : replays.get(key)
      if (first !== undefined) return replay(first, hash)
      const result = call(method, path, parameters)
      if (key !== undefined) replays.set(key, { hash, ...result })
      return result
    } catch (error) {
      return failure(error, requestId)
    }
  }

  function call(
    method: string,
    path: string,
    values: Readonly<Record<string, unknown>>,
  ): { status: number; body: unknown } {
    const found = findRoute(routes, method, path)
    if (found === undefined) {
      throw new ApiError(404, {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${method}: ${path}). The sandbox knows what its README lists.`,
      })
    }
    const parameters = new Parameters(values).allow(found.route.accepts ?? [])
    try {
      const body = found.route.handle(parameters, found.ids)
      const paths = parameters.texts('expand')
      return {
        status: 200,
        body: expanded(world.store, body, paths, (object, field) => includedList(world, object, field)),
      }
    } catch (error) {
      // A declined card is an answer like others: asked again with the same key, it is the same.
      if (error instanceof ApiError && error.status === 402)
        return { status: 402, body: { error: error.body } }
      throw error
    }
  }
}

function routesOf(world: World): Route[] {
  return [
    ...productRoutes(world),
    ...priceRoutes(world),
    ...customerRoutes(world),
    ...paymentMethodRoutes(world),
    ...paymentIntentRoutes(world),
    ...chargeRoutes(world),
    ...refundRoutes(world),
    ...disputeRoutes(world),
    ...checkoutRoutes(world),
    ...subscriptionRoutes(world),
    ...invoiceRoutes(world),
    ...billingPortalRoutes(world),
    ...webhookEndpointRoutes(world),
    ...testClockRoutes(world),
  ]
}

function requireKey(header: string | undefined, secretKey: string | undefined): void {
  const bearer = /^Bearer +(\S+)$/.exec(header ?? '')?.[1]
  const basic = /^Basic +(\S+)$/.exec(header ?? '')?.[1]
  const key =
    bearer ?? (basic === undefined ? undefined : Buffer.from(basic, 'base64').toString().split(':')[0])
  const isRight = secretKey === undefined ? /^[rs]k_test_\w/.test(key ?? '') : key === secretKey
  if (isRight) return
  throw new ApiError(401, {
    type: 'invalid_request_error',
    message: 'Invalid API Key provided: give a test key in the Authorization header.',
  })
}

async function readParameters(c: Context): Promise<Record<string, unknown>> {
  const query = c.req.url.split('?')[1] ?? ''
  const body = c.req.method === 'GET' ? '' : await c.req.text()
  const given: unknown = parse([query, body].filter((part) => part !== '').join('&'), {
    depth: 12,
    arrayLimit: 1_000,
    parameterLimit: 5_000,
  })
  return isRecord(given) ? given : {}
}

function replay(
  first: { hash: string; status: number; body: unknown },
  hash: string,
): { status: number; body: unknown } {
  if (first.hash === hash) return { status: first.status, body: first.body }
  throw new ApiError(400, {
    type: 'idempotency_error',
    message:
      'Keys for idempotent requests can only be used with the same parameters they were first used with.',
  })
}

function failure(error: unknown, requestId: string): { status: number; body: unknown } {
  if (error instanceof ApiError) return { status: error.status, body: { error: error.body } }
  const { message } = error instanceof Error ? error : invalidRequest('Unknown failure')
  return {
    status: 500,
    body: { error: { type: 'api_error', message: `The sandbox failed: ${message}`, request: requestId } },
  }
}
