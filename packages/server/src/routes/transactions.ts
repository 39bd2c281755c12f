import { createRoute, z } from '@hono/zod-openapi'
import {
  type ChargeBasis,
  creditsToNumber,
  type Engine,
  errorOf,
  formatNanoUsd,
  type ListTransactionsInput,
  type Transaction,
  type TransactionPage,
  transactionTypes,
} from '@stipend/engine'
import { organizationIdOf, type Principal } from '../context.ts'
import { type CsvValue, csvLine } from '../csv.ts'
import { protectedRoute, readsCosts, readsCustomers } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsOrNull,
  creditsOutput,
  jsonAnswer,
  refusals,
  textInput,
  timeInput,
  timeOutput,
  wholeNumberQuery,
} from '../schemas.ts'

const metadataOutput = z.record(z.string(), z.unknown()).nullable()

/** A row of the ledger as JSON. */
export const transactionSchema = z
  .object({
    sequence: z.int(),
    type: z.enum(transactionTypes),
    amount: creditsOutput,
    monthlyAmount: creditsOutput,
    bonusAmount: creditsOutput,
    debtAmount: creditsOutput,
    coveredAmount: creditsOutput,
    balanceAfter: creditsOutput,
    reservationId: z.string().nullable(),
    plan: z.string().nullable(),
    capability: z.string().nullable(),
    quality: z.string().nullable(),
    model: z.string().nullable(),
    estimatedCredits: creditsOutput.nullable(),
    estimationVariance: creditsOutput.nullable(),
    unchargedCredits: creditsOutput,
    costUsd: z
      .string()
      .nullable()
      .openapi({ description: 'Of the provider, in US dollars; null also for viewers and members.' }),
    flags: z.array(z.string()),
    actor: z
      .object({
        type: z.string(),
        id: z.string(),
        name: z.string().nullable(),
        email: z.string().nullable(),
      })
      .nullable()
      .openapi({
        description:
          'Customers’ names and addresses are told to members, operators and keys with `admin` only.',
      }),
    subject: z
      .object({ type: z.string(), id: z.string(), name: z.string().nullable() })
      .nullable()
      .openapi({ description: 'A customer’s name is told as that of an actor is.' }),
    formId: z.string().nullable(),
    sourceId: z.string().nullable(),
    reason: z.string().nullable(),
    providerMetadata: metadataOutput,
    paymentMetadata: metadataOutput,
    effectiveAt: timeOutput,
    createdAt: timeOutput,
    hash: z.string(),
  })
  .openapi('Transaction')

export function transactionJson(transaction: Transaction) {
  const { organizationId: _, costUsd, flags, effectiveAt, createdAt, ...same } = transaction
  return {
    ...same,
    amount: creditsToNumber(transaction.amount),
    monthlyAmount: creditsToNumber(transaction.monthlyAmount),
    bonusAmount: creditsToNumber(transaction.bonusAmount),
    debtAmount: creditsToNumber(transaction.debtAmount),
    coveredAmount: creditsToNumber(transaction.coveredAmount),
    balanceAfter: creditsToNumber(transaction.balanceAfter),
    estimatedCredits: creditsOrNull(transaction.estimatedCredits),
    estimationVariance: creditsOrNull(transaction.estimationVariance),
    unchargedCredits: creditsToNumber(transaction.unchargedCredits),
    costUsd: costUsd === null ? null : formatNanoUsd(costUsd),
    flags: [...flags],
    providerMetadata: plain(transaction.providerMetadata),
    paymentMetadata: plain(transaction.paymentMetadata),
    effectiveAt: effectiveAt.toISOString(),
    createdAt: createdAt.toISOString(),
  }
}

/** {@link transactionJson} as somebody may read it: not all read what customers are called, or what providers are paid. */
function transactionJsonFor(principal: Principal) {
  return (transaction: Transaction): ReturnType<typeof transactionJson> => {
    const row = transactionJson(transaction)
    const { actor, subject } = row
    return {
      ...row,
      ...(readsCosts(principal) ? {} : { costUsd: null }),
      ...(readsCustomers(principal)
        ? {}
        : {
            actor: actor?.type === 'customer' ? { ...actor, name: null, email: null } : actor,
            subject: subject?.type === 'customer' ? { ...subject, name: null } : subject,
          }),
    }
  }
}

function plain(metadata: Readonly<Record<string, unknown>> | null): Record<string, never> | null {
  // What jsonb answers is JSON already; the type of the answer asks for no more.
  return metadata as Record<string, never> | null
}

const transactionsRoute = createRoute({
  method: 'get',
  path: '/credits/transactions',
  summary: 'The ledger, newest first: a page as JSON, everything that matches as CSV',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/transactions'),
  request: {
    query: z.strictObject({
      limit: wholeNumberQuery(1, 500).optional(),
      cursor: textInput(18).optional().openapi({ description: 'nextCursor of the page before.' }),
      type: z.enum(transactionTypes).optional(),
      capability: textInput(100).optional(),
      actorId: textInput().optional(),
      quality: textInput(100).optional(),
      model: textInput().optional(),
      reservationId: textInput(36).optional(),
      from: timeInput.optional(),
      to: timeInput.optional(),
      format: z.enum(['json', 'csv']).optional(),
    }),
  },
  responses: {
    200: {
      description: 'A page, or with Accept: text/csv or format=csv all rows (limit: the first so many)',
      content: {
        'application/json': {
          schema: z.object({ transactions: z.array(transactionSchema), nextCursor: z.string().nullable() }),
        },
        'text/csv': { schema: z.string() },
      },
    },
    ...refusals,
  },
})

const rateOutput = z.string().nullable()

const chargeBasisSchema = z
  .object({
    price: z
      .object({
        source: z.string(),
        effectiveAt: timeOutput,
        inputUsdPerMillion: rateOutput,
        cachedInputUsdPerMillion: rateOutput,
        outputUsdPerMillion: rateOutput,
      })
      .nullable()
      .openapi({
        description: 'Of the model that served, on that day. US dollars per million tokens, decimals.',
      }),
    markup: z
      .number()
      .openapi({ description: 'On the provider’s cost: 0.25 is a quarter more.', example: 0.25 }),
    usdPerCredit: z.string(),
  })
  .openapi('ChargeBasis')

const transactionRoute = createRoute({
  method: 'get',
  path: '/credits/transactions/{sequence}',
  summary: 'One row of the ledger; of a charge with the price of its day',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/transactions/{sequence}'),
  request: { params: z.object({ sequence: textInput() }) },
  responses: {
    200: jsonAnswer(
      z
        .object({
          ...transactionSchema.shape,
          chargeBasis: z
            .union([chargeBasisSchema, z.null()])
            .openapi({ description: 'null: no charge; also for viewers and members.' }),
        })
        .openapi('TransactionDetail'),
      'The row',
    ),
    ...refusals,
  },
})

function chargeBasisJson({ price, markupBasisPoints, usdPerCredit }: ChargeBasis) {
  const rates = price?.rates ?? null
  return {
    price:
      price === null
        ? null
        : {
            source: price.source,
            effectiveAt: price.effectiveAt.toISOString(),
            inputUsdPerMillion: rates?.input ?? null,
            cachedInputUsdPerMillion: rates?.cachedInput ?? null,
            outputUsdPerMillion: rates?.output ?? null,
          },
    markup: markupBasisPoints / 10_000,
    usdPerCredit,
  }
}

/** The ledger. */
export function transactionRoutes() {
  const router = createRouter()
  router.openapi(transactionRoute, async (c) => {
    const { sequence } = c.req.valid('param')
    if (!/^[1-9]\d{0,14}$/.test(sequence)) throw errorOf('not_found', { message: 'No such transaction.' })
    const asked = { organizationId: organizationIdOf(c), sequence: Number(sequence) }
    const { chargeBasis, ...transaction } = await c.var.engine.getTransaction(asked)
    const { principal } = c.var
    const basis = chargeBasis === null || !readsCosts(principal) ? null : chargeBasisJson(chargeBasis)
    return c.json({ ...transactionJsonFor(principal)(transaction), chargeBasis: basis }, 200)
  })
  router.openapi(transactionsRoute, async (c) => {
    const { format, ...filters } = c.req.valid('query')
    const input = { organizationId: organizationIdOf(c), ...filters }
    const json = transactionJsonFor(c.var.principal)
    const accepts = c.req.header('accept')?.toLowerCase().includes('text/csv') === true
    if (format === 'csv' || (format === undefined && accepts)) {
      return await csvResponse(c.var.engine, input, json)
    }
    const page = await c.var.engine.listTransactions(input)
    return c.json(
      {
        transactions: page.transactions.map((transaction) => json(transaction)),
        nextCursor: page.nextCursor,
      },
      200,
    )
  })
  return router
}

const csvColumns: readonly [string, (row: ReturnType<typeof transactionJson>) => CsvValue][] = [
  ['sequence', (row) => row.sequence],
  ['created_at', (row) => row.createdAt],
  ['type', (row) => row.type],
  ['amount', (row) => row.amount],
  ['balance_after', (row) => row.balanceAfter],
  ['monthly_amount', (row) => row.monthlyAmount],
  ['bonus_amount', (row) => row.bonusAmount],
  ['debt_amount', (row) => row.debtAmount],
  ['covered_amount', (row) => row.coveredAmount],
  ['capability', (row) => row.capability],
  ['quality', (row) => row.quality],
  ['model', (row) => row.model],
  ['estimated_credits', (row) => row.estimatedCredits],
  ['cost_usd', (row) => row.costUsd],
  ['actor_type', (row) => row.actor?.type ?? null],
  ['actor_id', (row) => row.actor?.id ?? null],
  ['actor_name', (row) => row.actor?.name ?? null],
  ['actor_email', (row) => row.actor?.email ?? null],
  ['subject_type', (row) => row.subject?.type ?? null],
  ['subject_id', (row) => row.subject?.id ?? null],
  ['subject_name', (row) => row.subject?.name ?? null],
  ['form_id', (row) => row.formId],
  ['source_id', (row) => row.sourceId],
  ['reason', (row) => row.reason],
  ['reservation_id', (row) => row.reservationId],
  ['flags', (row) => row.flags.join(' ')],
]

/** The first page is read before the answer begins, so that a refusal is still a problem. */
async function csvResponse(
  engine: Engine,
  input: ListTransactionsInput,
  json: typeof transactionJson,
): Promise<Response> {
  const pages = csvPages(engine, input, json)
  const first = await pages.next()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (!first.done) controller.enqueue(encoder.encode(first.value))
    },
    pull: async (controller) => {
      const next = await pages.next()
      if (next.done) controller.close()
      else controller.enqueue(encoder.encode(next.value))
    },
    cancel: async () => {
      await pages.return()
    },
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="credit-transactions.csv"',
    },
  })
}

async function* csvPages(
  engine: Engine,
  input: ListTransactionsInput,
  json: typeof transactionJson,
): AsyncGenerator<string, void> {
  const header = csvLine(csvColumns.map(([name]) => name))
  let left = input.limit ?? Number.POSITIVE_INFINITY
  let cursor = input.cursor
  let lines = header
  for (;;) {
    const page: TransactionPage = await engine.listTransactions({
      ...input,
      cursor,
      limit: Math.min(left, 500),
    })
    for (const transaction of page.transactions) {
      const row = json(transaction)
      lines += csvLine(csvColumns.map(([, cellOf]) => cellOf(row)))
    }
    yield lines
    lines = ''
    left -= page.transactions.length
    if (page.nextCursor === null || left <= 0) return
    cursor = page.nextCursor
  }
}
