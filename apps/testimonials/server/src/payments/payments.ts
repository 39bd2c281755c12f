import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StripeOptions } from '@stipend/server'
import { handledEvents } from '@stipend/server/stripe'
import { type StripeSandbox, startStripeSandbox } from '@stipend/stripe-sandbox'
import type { PaymentSettings } from './settings.ts'

/** Who takes payments while the product runs. */
export interface Payments {
  /** undefined: nobody. */
  stripe: StripeOptions | undefined
  sandbox: StripeSandbox | null
  /** For people. */
  description: string
  close(): Promise<void>
}

export interface PaymentsInput {
  settings: PaymentSettings
  /** The database is the embedded one. */
  isEmbedded: boolean
  /** Of the server's own files. */
  directory: string
  /** Where the server listens. */
  serverUrl: string
  frontendUrl: URL
}

const secretKey = 'sk_test_sandbox'

/** Opens Stripe, or the sandbox; the latter never by a missing key alone. */
export async function openPayments(input: PaymentsInput): Promise<Payments> {
  const { settings, isEmbedded } = input
  if (settings.kind === 'stripe') {
    const { secretKey: key, webhookSecret, frontendUrl } = settings
    return {
      stripe: { secretKey: key, webhookSecret, frontendUrl, returnPath },
      sandbox: null,
      description: `Stripe${/_test_/.test(key) ? ', test mode: no money moves' : ''}`,
      close: async () => {},
    }
  }
  if (settings.kind === 'default' && !isEmbedded) {
    return {
      stripe: undefined,
      sandbox: null,
      description: 'not configured: see docs/guide/going-live.md',
      close: async () => {},
    }
  }
  return await openSandbox(input)
}

/** Of the console, which goes on to the organization's page. */
const returnPath = '/app/-/billing'

async function openSandbox({ directory, serverUrl, frontendUrl }: PaymentsInput): Promise<Payments> {
  await mkdir(directory, { recursive: true })
  const webhookSecret = `whsec_${randomBytes(24).toString('base64url')}`
  const sandbox = await startStripeSandbox({
    secretKey,
    file: join(directory, 'stripe-sandbox.json'),
    webhook: { url: `${serverUrl}/webhooks/stripe`, secret: webhookSecret, events: handledEvents },
  })
  // For the command line, which works on what `npm start` runs.
  const address = join(directory, 'payments.json')
  await writeFile(
    address,
    `${JSON.stringify({ apiBase: sandbox.url, secretKey, frontendUrl: frontendUrl.href })}\n`,
    { mode: 0o600 },
  )
  return {
    stripe: { secretKey, webhookSecret, frontendUrl, returnPath, apiBase: sandbox.url, isSandbox: true },
    sandbox,
    description: `sandbox at ${sandbox.url}: no money moves`,
    close: async () => {
      await rm(address, { force: true })
      await sandbox.close()
    },
  }
}
