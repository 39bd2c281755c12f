import { Pool } from 'pg'
import { createEngine, credits } from '../src/index.ts'
import { testCatalog } from './catalog.ts'
import { onPlan, type RefusalCase, reserve } from './refusal-case.ts'

/** Bad input, and what is nobody's refusal. */
export const failureCases: Record<
  'invalid_request' | 'overloaded' | 'database_unavailable' | 'internal',
  RefusalCase[]
> = {
  invalid_request: [
    {
      title: 'plan that there is not',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        return () => ledger.engine.changePlan({ organizationId, plan: 'gold' })
      },
      detail: { field: 'plan', value: 'gold', known: ['free', 'payg', 'pro', 'team', 'unlimited'] },
      status: 400,
    },
    {
      title: 'a new organization on such a plan',
      prepare: async (ledger) => () =>
        ledger.engine.putOrganization({ organizationId: 'new', name: 'New', plan: 'gold' }),
      detail: { field: 'plan', value: 'gold' },
      status: 400,
    },
    {
      title: 'grant that has expired',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        return () => ledger.grant(organizationId, 1, new Date(Date.now() - 1000))
      },
      detail: { field: 'expiresAt', rule: 'must lie in the future' },
      status: 400,
    },
    {
      title: 'nothing to settle',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId)
        return () => ledger.engine.settleCredits({ organizationId, reservationId })
      },
      detail: { field: 'actualCredits' },
      status: 400,
    },
    {
      title: 'a model that the catalog does not have',
      prepare: onPlan('free', { capability: 'paused', model: 'mimi' }),
      detail: { field: 'model', value: 'mimi', known: ['alpha', 'beta', 'gamma', 'unpriced'] },
      status: 400,
    },
    {
      title: 'a hold of nothing',
      prepare: onPlan('free', { estimatedCredits: credits(0) }),
      detail: { field: 'estimatedCredits', rule: 'must be greater than zero' },
      status: 400,
    },
    {
      title: 'a customer limit twice',
      prepare: onPlan('free', {
        customerLimits: [
          { key: 'a', limit: 1 },
          { key: 'a', limit: 2 },
        ],
      }),
      detail: { field: 'customerLimits' },
      status: 400,
    },
  ],
  overloaded: [
    {
      title: 'the queue is full',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const { engine } = ledger.openEngine({ maxQueued: 0 })
        return () => engine.reserveCredits({ organizationId, capability: 'reply' })
      },
      detail: {},
      status: 503,
      retryAfter: true,
    },
  ],
  database_unavailable: [
    {
      title: 'nobody listens',
      prepare: async () => {
        const database = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' })
        const engine = createEngine({ database, catalog: testCatalog, batching: { retryForMs: 50 } })
        return () => engine.reserveCredits({ organizationId: 'any', capability: 'reply' })
      },
      detail: {},
      status: 503,
      retryAfter: true,
    },
  ],
  internal: [
    {
      title: 'what the database does not expect says nothing of its inside',
      prepare: async (ledger) => {
        await ledger.database.owner.query(
          `alter table stipend.credit_reservations add constraint poison check (form_id <> 'poison')`,
        )
        return reserve(ledger, await ledger.createOrganization('free'), { formId: 'poison' })
      },
      detail: {},
      status: 500,
    },
  ],
}
