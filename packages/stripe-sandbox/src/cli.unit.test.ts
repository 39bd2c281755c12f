import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openLive } from './test-support/live.ts'

const program = fileURLToPath(
  new URL('../../../node_modules/@stripe/cli-linux-x64/bin/stripe', import.meta.url),
)
const hasProgram = existsSync(program)
if (!hasProgram) console.log('Skipped: stripe trigger (the Stripe CLI has no binary for this platform here)')

/** Those that the CLI's fixtures make; a checkout is paid on the hosted page. */
const events = [
  'payment_intent.succeeded',
  'invoice.paid',
  'invoice.payment_failed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.closed',
] as const

test.skipIf(!hasProgram).each(events)('stripe trigger %s drives it', { timeout: 60_000 }, async (event) => {
  await using live = await openLive()
  const home = await mkdtemp(join(tmpdir(), 'stripe-cli-'))
  const { stdout, stderr } = await promisify(execFile)(
    program,
    ['trigger', event, '--api-base', live.sandbox.url, '--api-key', 'sk_test_0123456789abcdef'],
    { env: { HOME: home, STRIPE_CLI_TELEMETRY_OPTOUT: '1', PATH: '' } },
  )
  expect(`${stdout}${stderr}`).toContain('Trigger succeeded!')
  expect(live.sandbox.controls.events(event).length).toBeGreaterThan(0)
})
