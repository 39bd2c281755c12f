import { StartError } from '../start-error.ts'

/** Who takes payments. */
export type PaymentSettings =
  | { kind: 'stripe'; secretKey: string; webhookSecret: string; frontendUrl: URL }
  /** A stand-in on loopback, on purpose: STIPEND_SANDBOX=1. */
  | { kind: 'sandbox' }
  /** The sandbox on the embedded database, else nobody. */
  | { kind: 'default' }

/** Reads STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, FRONTEND_URL and STIPEND_SANDBOX. @throws StartError */
export function paymentSettings(read: (name: string) => string | undefined): PaymentSettings {
  const secretKey = read('STRIPE_SECRET_KEY')
  const webhookSecret = read('STRIPE_WEBHOOK_SECRET')
  const frontendUrl = read('FRONTEND_URL')
  const sandbox = read('STIPEND_SANDBOX')
  if (sandbox !== undefined && sandbox !== '0' && sandbox !== '1') {
    throw new StartError(`STIPEND_SANDBOX=${sandbox} is neither 1, for the payment sandbox, nor 0.`)
  }
  if (secretKey === undefined && webhookSecret === undefined) {
    return { kind: sandbox === '1' ? 'sandbox' : 'default' }
  }
  if (sandbox === '1') {
    throw new StartError(
      'STIPEND_SANDBOX=1 and STRIPE_SECRET_KEY exclude each other: payments go to one of both.',
    )
  }
  if (secretKey === undefined || webhookSecret === undefined || frontendUrl === undefined) {
    const missing = Object.entries({
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_WEBHOOK_SECRET: webhookSecret,
      FRONTEND_URL: frontendUrl,
    })
      .filter(([, value]) => value === undefined)
      .map(([name]) => name)
    throw new StartError(
      `Payments by Stripe need ${missing.join(' and ')} too: see docs/guide/going-live.md.`,
    )
  }
  if (!/^[rs]k_(test|live)_\w+$/.test(secretKey)) {
    throw new StartError(
      'STRIPE_SECRET_KEY is not a secret key: it begins with sk_test_, sk_live_, rk_test_ or rk_live_.',
    )
  }
  if (!webhookSecret.startsWith('whsec_')) {
    throw new StartError('STRIPE_WEBHOOK_SECRET is not a signing secret: it begins with whsec_.')
  }
  return { kind: 'stripe', secretKey, webhookSecret, frontendUrl: new URL(frontendUrl) }
}
