import { type Engine, errorOf, type StipendError } from '@stipend/engine'
import Stripe from 'stripe'
import type { Logger } from '../context.ts'

export interface StripeOptions {
  /** `sk_test_…` or `sk_live_…`, or a restricted key. */
  secretKey: string
  /** `whsec_…` of the endpoint that calls `POST /webhooks/stripe`. */
  webhookSecret: string
  /** Origin of the pages that people come back to from Stripe's. */
  frontendUrl: string | URL
  /** The page there that shows billing. Default `/billing`. */
  returnPath?: string | undefined
  /** Something else that speaks Stripe's API, such as the sandbox: `http://127.0.0.1:12111`. Default: Stripe. */
  apiBase?: string | URL | undefined
  /** That `apiBase` is a sandbox in which no money moves: pages say so. Default false. */
  isSandbox?: boolean | undefined
}

/** Who takes payments, for pages to say. */
export type PaymentsMode = 'stripe' | 'stripe_test' | 'sandbox' | 'none'

/** What everything in this folder works with. */
export interface StripeContext {
  stripe: Stripe
  engine: Engine
  webhookSecret: string
  mode: Exclude<PaymentsMode, 'none'>
  /** A page of the console, with a query. */
  pageUrl: (query?: Record<string, string>) => string
  logger: Logger | undefined
}

export function createStripeContext(
  engine: Engine,
  options: StripeOptions,
  logger: Logger | undefined,
): StripeContext {
  const { secretKey, webhookSecret, returnPath = '/billing', isSandbox = false } = options
  const page = new URL(returnPath, options.frontendUrl)
  return {
    stripe: new Stripe(secretKey, {
      ...addressOf(options.apiBase),
      telemetry: false,
      maxNetworkRetries: 2,
      timeout: 20_000,
      appInfo: { name: 'Stipend' },
    }),
    engine,
    webhookSecret,
    mode: modeOf(secretKey, isSandbox),
    pageUrl: (query = {}) => {
      const url = new URL(page)
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      // Stripe fills its own placeholder in, which must not be encoded.
      return url.href.replace('%7BCHECKOUT_SESSION_ID%7D', '{CHECKOUT_SESSION_ID}')
    },
    logger,
  }
}

function modeOf(secretKey: string, isSandbox: boolean): StripeContext['mode'] {
  if (isSandbox) return 'sandbox'
  return /^[a-z]+_test_/.test(secretKey) ? 'stripe_test' : 'stripe'
}

function addressOf(
  apiBase: string | URL | undefined,
): Pick<Stripe.StripeConfig, 'host' | 'port' | 'protocol'> {
  if (apiBase === undefined) return {}
  const { hostname, port, protocol } = new URL(apiBase)
  const isHttp = protocol === 'http:'
  return {
    host: hostname,
    port: port === '' ? (isHttp ? 80 : 443) : Number(port),
    protocol: isHttp ? 'http' : 'https',
  }
}

/** What Stripe refused or failed at, as Stipend's errors. What it says may hold addresses: it stays the cause. */
export function stripeErrorOf(
  error: unknown,
  particulars: Record<string, unknown> = {},
): StipendError | unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error
  if (error instanceof Stripe.errors.StripeCardError) {
    const declineCode = error.decline_code ?? error.code ?? 'card_declined'
    return errorOf('payment_declined', { declineCode, ...particulars }, { cause: error })
  }
  if (
    error instanceof Stripe.errors.StripeAuthenticationError ||
    error instanceof Stripe.errors.StripePermissionError
  ) {
    const message = 'Stripe does not accept the secret key: see STRIPE_SECRET_KEY.'
    return errorOf('payments_not_configured', { message }, { cause: error })
  }
  return errorOf(
    'payment_provider_failed',
    { provider: 'stripe', stripeCode: error.code ?? null },
    { cause: error },
  )
}

/** Asks Stripe. @throws StipendError `payment_declined`, `payment_provider_failed`, `payments_not_configured` */
export async function ask<Answer>(
  work: () => Promise<Answer>,
  particulars?: Record<string, unknown>,
): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    throw stripeErrorOf(error, particulars)
  }
}

/** Stripe's seconds. */
export const timeOf = (seconds: number): Date => new Date(seconds * 1000)
/** Stripe's seconds, null kept. */
export const timeOrNull = (seconds: number | null | undefined): Date | null =>
  seconds === null || seconds === undefined ? null : timeOf(seconds)

/** An object's id, expanded or not. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  if (reference === null || reference === undefined) return null
  return typeof reference === 'string' ? reference : reference.id
}
