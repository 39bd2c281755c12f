import { invalid } from '@stipend/engine'
import Stripe from 'stripe'
import { type StripeContext, stripeErrorOf, timeOf } from './context.ts'

export interface InvoiceSummary {
  id: string
  number: string | null
  status: string
  totalCents: number
  currency: string
  createdAt: Date
  periodStartsAt: Date
  periodEndsAt: Date
  hostedUrl: string | null
  pdfUrl: string | null
}

/** Invoices of a customer's subscriptions, newest first. */
export async function listInvoices(
  { stripe }: StripeContext,
  {
    customerId,
    cursor,
    limit = 20,
  }: { customerId: string; cursor?: string | undefined; limit?: number | undefined },
): Promise<{ invoices: InvoiceSummary[]; nextCursor: string | null }> {
  const page = await stripe.invoices
    .list({
      customer: customerId,
      limit,
      ...(cursor === undefined ? {} : { starting_after: cursor }),
    })
    .catch((error: unknown) => {
      const isUnknown =
        error instanceof Stripe.errors.StripeInvalidRequestError && error.param === 'starting_after'
      if (isUnknown) throw invalid('cursor', 'must be the nextCursor of a page')
      throw stripeErrorOf(error)
    })
  const invoices = page.data
    .filter(({ status }) => status !== 'draft')
    .map((invoice): InvoiceSummary => {
      const ends = invoice.lines.data.map(({ period }) => period)
      return {
        id: invoice.id,
        number: invoice.number,
        status: invoice.status ?? 'open',
        totalCents: invoice.total,
        currency: invoice.currency,
        createdAt: timeOf(invoice.created),
        periodStartsAt: timeOf(Math.min(invoice.period_start, ...ends.map(({ start }) => start))),
        periodEndsAt: timeOf(Math.max(invoice.period_end, ...ends.map(({ end }) => end))),
        hostedUrl: invoice.hosted_invoice_url ?? null,
        pdfUrl: invoice.invoice_pdf ?? null,
      }
    })
  return { invoices, nextCursor: page.has_more ? (page.data.at(-1)?.id ?? null) : null }
}
