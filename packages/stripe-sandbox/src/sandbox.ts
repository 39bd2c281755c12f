import { once } from 'node:events'
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { type ApiOptions, apiRoutes } from './api.ts'
import { ApiError } from './api-error.ts'
import { Controls, controlRoutes } from './controls.ts'
import { checkoutPage } from './pages/checkout-page.ts'
import { invoicePage } from './pages/invoice-page.ts'
import { layout, pagePolicy } from './pages/layout.ts'
import { portalPage } from './pages/portal-page.ts'
import { type GivenWebhook, World } from './world.ts'

export interface StripeSandboxOptions extends ApiOptions {
  /** Default 0: any free one. */
  port?: number | undefined
  /** Default 127.0.0.1. */
  host?: string | undefined
  /** Keeps what it knows across restarts; default: in memory only. */
  file?: string | undefined
  /** Gets all events, beside the endpoints that are made over the API. */
  webhook?: GivenWebhook | undefined
  /** Waits before each further attempt to deliver, in milliseconds. Default: 5 s, 1 min, 5 min, 30 min. */
  retryMs?: readonly number[] | undefined
  /** What becomes of a subscription whose payment failed four times. Default `cancel`. */
  afterRetries?: 'cancel' | 'unpaid' | undefined
}

/** A running sandbox. */
export interface StripeSandbox {
  /** Such as `http://127.0.0.1:12111`: of the API, and of the hosted pages. */
  url: string
  controls: Controls
  /** Where events go from now on. */
  setWebhook(webhook: GivenWebhook | undefined): void
  /** For `new Stripe(key, …)`. */
  clientOptions(): { host: string; port: number; protocol: 'http'; telemetry: false }
  close(): Promise<void>
}

const defaultRetryMs = [5_000, 60_000, 300_000, 1_800_000]

/** Starts a stand-in for Stripe. It listens on loopback unless told otherwise, and needs a test key. */
export async function startStripeSandbox(options: StripeSandboxOptions = {}): Promise<StripeSandbox> {
  const { host = '127.0.0.1', port = 0, file, webhook } = options
  const world = new World({
    file,
    webhook,
    retryMs: options.retryMs ?? defaultRetryMs,
    afterRetries: options.afterRetries ?? 'cancel',
  })
  const controls = new Controls(world)
  const server = serve({ fetch: appOf(world, controls, options).fetch, hostname: host, port }) as Server
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) =>
      Promise.reject(error instanceof Error ? error : new Error(String(error))),
    ),
  ])
  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  world.pageOrigin = `http://${host}:${taken}`
  // What falls due in real time.
  const timer = setInterval(() => controls.runDue(), 1_000)
  timer.unref()
  return {
    url: world.pageOrigin,
    controls,
    setWebhook: (next) => {
      world.webhook = next
    },
    clientOptions: () => ({ host, port: taken, protocol: 'http', telemetry: false }),
    close: async () => {
      clearInterval(timer)
      await world.deliveries.close()
      world.store.save()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function appOf(world: World, controls: Controls, options: ApiOptions): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('Content-Security-Policy', pagePolicy)
    c.header('Referrer-Policy', 'no-referrer')
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Cache-Control', 'no-store')
  })
  app.route('/', apiRoutes(world, options))
  app.route('/', controlRoutes(controls))
  app.route('/', checkoutPage(world))
  app.route('/', portalPage(world))
  app.route('/', invoicePage(world))
  app.notFound((c) =>
    c.json(
      {
        error: {
          type: 'invalid_request_error',
          message: `Unrecognized request URL (${c.req.method}: ${c.req.path})`,
        },
      },
      404,
    ),
  )
  app.onError((error, c) => {
    const isKnown = error instanceof ApiError
    const isJson = c.req.path.startsWith('/sandbox/')
    if (isJson)
      return c.json(
        { error: isKnown ? error.body : { message: 'The sandbox failed.' } },
        isKnown ? (error.status as 400) : 500,
      )
    const words = isKnown ? error.message : 'The sandbox failed.'
    return c.html(layout('Not here', words), isKnown ? (error.status as 404) : 500)
  })
  return app
}
