import { formatCredits, type Payment } from '@stipend/engine'
import {
  convergeOrganization,
  type Drift,
  findDrift,
  runAutoTopups,
  type SyncStep,
  syncPrices,
} from '@stipend/server/stripe'
import type { Command } from 'commander'
import { parseDays } from './arguments.ts'
import { audited } from './audited.ts'
import { type Context, count, print, remark, table } from './context.ts'
import { withEngine } from './database.ts'
import { CliError } from './failure.ts'
import { withStripe } from './stripe-account.ts'

/** `stripe sync`, `billing …` and `reconcile`. */
export function addBilling(program: Command, context: Context, end: (exitCode: number) => void): void {
  program
    .command('stripe')
    .description('the Stripe account')
    .command('sync')
    .description(
      'create products, prices and the portal at Stripe from the catalog; again it changes nothing',
    )
    .option('--webhook-url <url>', 'also the webhook endpoint, such as https://api.example/webhooks/stripe')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend stripe sync\n  stipend stripe sync --webhook-url https://api.example.com/webhooks/stripe\n',
    )
    .action((options: { webhookUrl?: string }) => sync(context, options.webhookUrl))
  const billing = program
    .command('billing')
    .description('payments and subscriptions of organizations')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend billing sync acme\n  stipend billing payments acme\n  stipend billing past-due\n  stipend billing auto-topup\n',
    )
  billing
    .command('sync')
    .description(
      'read an organization’s payments and subscription at Stripe anew: grants, claw-backs and plan follow',
    )
    .argument('<organization>', 'its id')
    .addHelpText('after', '\nExamples:\n  stipend billing sync acme\n')
    .action((organizationId: string) => converge(context, organizationId))
  billing
    .command('payments')
    .description('purchases of credits, with what was refunded, disputed and taken back')
    .argument('<organization>', 'its id')
    .addHelpText('after', '\nExamples:\n  stipend billing payments acme\n')
    .action((organizationId: string) => payments(context, organizationId))
  billing
    .command('past-due')
    .description('organizations whose subscription is not paid')
    .addHelpText('after', '\nExamples:\n  stipend billing past-due\n')
    .action(() => pastDue(context))
  billing
    .command('auto-topup')
    .description('make the automatic purchases that are due now, as the worker does each minute')
    .addHelpText('after', '\nExamples:\n  stipend billing auto-topup\n')
    .action(() => autoTopup(context))
  program
    .command('reconcile')
    .description(
      'compare Stripe with the books; exit code 1 where they differ, with the command that mends it',
    )
    .option('--organization <id>', 'only this one')
    .option('--days <number>', 'how far back', parseDays(1), 35)
    .addHelpText(
      'after',
      '\nExamples:\n  stipend reconcile\n  stipend reconcile --organization acme --days 7\n',
    )
    .action((options: { organization?: string; days: number }) => reconcile(context, options, end))
}

async function sync(context: Context, webhookUrl: string | undefined): Promise<void> {
  if (webhookUrl !== undefined && !/^https?:\/\/.+/.test(webhookUrl)) {
    throw new CliError('--webhook-url is not a URL such as https://api.example.com/webhooks/stripe.')
  }
  const steps = await withStripe(context, (stripe) =>
    audited(stripe.engine, { command: 'stripe sync', parameters: { webhookUrl } }, () =>
      syncPrices(stripe, { webhookUrl }),
    ),
  )
  print(context, ...table(context, ['what', 'name', 'did', 'id'], steps.map(stepCells)))
  const secret = steps.find((step) => step.secret !== undefined)?.secret
  if (secret !== undefined)
    print(context, '', `STRIPE_WEBHOOK_SECRET=${secret}`, '(shown once: set it where the server runs)')
}

const stepCells = ({ what, name, did, id }: SyncStep) => [what, name, did, id]

async function converge(context: Context, organizationId: string): Promise<void> {
  const outcomes = Object.entries(
    await withStripe(context, (stripe) =>
      audited(stripe.engine, { command: 'billing sync', organizationId }, () =>
        convergeOrganization(stripe, organizationId),
      ),
    ),
  )
  if (outcomes.length === 0) print(context, `${organizationId} has no customer at Stripe.`)
  else print(context, ...table(context, ['at Stripe', 'outcome'], outcomes))
}

async function payments(context: Context, organizationId: string): Promise<void> {
  const rows = await withEngine(context, async (engine) => {
    const all: Payment[] = []
    let cursor: string | undefined
    do {
      const page = await engine.billing.listPayments({ organizationId, cursor, limit: 100 })
      all.push(...page.payments)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return all
  })
  if (rows.length === 0) return print(context, `${organizationId} has bought nothing.`)
  const headings = ['time', 'kind', 'package', 'status', 'paid', 'given back', 'credits', 'taken back', 'id']
  print(context, ...table(context, headings, rows.map(paymentCells)))
}

function paymentCells(payment: Payment): string[] {
  return [
    payment.createdAt.toISOString(),
    payment.kind,
    payment.package,
    payment.status,
    money(payment.amountCents),
    money(payment.refundedCents + payment.disputedCents),
    formatCredits(payment.credits),
    formatCredits(payment.clawedBackCredits),
    payment.id,
  ]
}

const money = (cents: number) => `$${(cents / 100).toFixed(2)}`

async function pastDue(context: Context): Promise<void> {
  const rows = await withEngine(context, (engine) => engine.billing.listPastDue())
  if (rows.length === 0) return print(context, 'No organization is past due.')
  const cells = rows.map(({ organizationId, plan, paidUntil }) => [
    organizationId,
    plan,
    paidUntil?.toISOString() ?? 'unknown',
  ])
  print(context, ...table(context, ['organization', 'plan', 'paid until'], cells))
}

async function autoTopup(context: Context): Promise<void> {
  const made = await withStripe(context, (stripe) =>
    audited(stripe.engine, { command: 'billing auto-topup' }, () => runAutoTopups(stripe, 100)),
  )
  print(context, `${count(made, 'automatic purchase')} made or tried.`)
}

async function reconcile(
  context: Context,
  { organization, days }: { organization?: string; days: number },
  end: (exitCode: number) => void,
): Promise<void> {
  const found = await withStripe(context, async (stripe) => {
    const all: Drift[] = []
    for await (const drift of findDrift(stripe, { days, organizationId: organization })) all.push(drift)
    return all
  })
  if (found.length === 0)
    return print(context, `Stripe and the books agree on the last ${count(days, 'day')}.`)
  const cells = found.map((one) => [one.organizationId, one.kind, one.object, one.stripe, one.books])
  print(
    context,
    ...table(context, ['organization', 'drift', 'object', 'Stripe says', 'the books say'], cells),
    '',
  )
  for (const command of new Set(found.map((one) => one.command))) print(context, command)
  remark(context, `${count(found.length, 'difference')}.`)
  end(1)
}
