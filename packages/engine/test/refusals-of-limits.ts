import { expect } from 'vitest'
import { credits } from '../src/index.ts'
import { onPlan, type RefusalCase, reserve } from './refusal-case.ts'

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What windows, budgets and credits do not allow. */
export const limitCases: Record<
  'rate_limited' | 'customer_limit_exceeded' | 'budget_exceeded' | 'insufficient_credits' | 'holds_in_flight',
  RefusalCase[]
> = {
  rate_limited: [
    {
      title: 'window, limit, use and when',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        await ledger.freezeClock(organizationId, new Date('2031-05-05T12:00:15Z'))
        for (let i = 0; i < 5; i += 1) await ledger.hold(organizationId, 1, { capability: 'limited' })
        return reserve(ledger, organizationId, { capability: 'limited' })
      },
      detail: { window: 'minute', limit: 5, used: 5, retryAfterMs: 57_000 },
      status: 429,
      retryAfter: true,
    },
  ],
  customer_limit_exceeded: [
    {
      title: 'key, limit, use and when',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const customerLimits = [{ key: 'eve', limit: 1 }]
        await ledger.hold(organizationId, 1, { customerLimits })
        return reserve(ledger, organizationId, { customerLimits })
      },
      detail: { window: 'day', key: 'eve', limit: 1, used: 1 },
      status: 429,
      retryAfter: true,
    },
  ],
  budget_exceeded: [
    {
      title: 'scope and when it resets',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('pro')
        await ledger.engine.putBudget({
          organizationId,
          scopeType: 'capability',
          scopeId: 'reply',
          period: 'week',
          limitCredits: credits(3),
        })
        await ledger.hold(organizationId, 2)
        return reserve(ledger, organizationId, { estimatedCredits: credits(1.01) })
      },
      detail: {
        scopeType: 'capability',
        scopeId: 'reply',
        period: 'week',
        limitCredits: 3,
        heldCredits: 2,
        usedCredits: 0,
        resetsAt: expect.stringMatching(iso),
      },
      status: 402,
      retryAfter: true,
    },
  ],
  insufficient_credits: [
    {
      title: 'shortfall, package, plan and period end',
      prepare: onPlan('free', { estimatedCredits: credits(150) }),
      detail: {
        estimatedCredits: 150,
        balance: 20,
        available: 22,
        shortfall: 128,
        topup: { packageId: 'popular', quantity: 1, credits: 500, priceUsdCents: 3999 },
        plan: { plan: 'pro', monthlyCredits: 500 },
        periodEndsAt: expect.stringMatching(iso),
      },
      status: 402,
    },
    {
      title: 'several of the largest package where none covers it',
      prepare: onPlan('free', { estimatedCredits: credits(2522.01) }),
      detail: {
        shortfall: 2500.01,
        topup: { packageId: 'popular', quantity: 6, credits: 3000, priceUsdCents: 6 * 3999 },
        plan: { plan: 'unlimited' },
      },
      status: 402,
    },
  ],
  holds_in_flight: [
    {
      title: 'may be admitted once holds end',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('payg', 10)
        await ledger.hold(organizationId, 9)
        return reserve(ledger, organizationId, { estimatedCredits: credits(12) })
      },
      detail: { estimatedCredits: 12, balance: 10, reservedCredits: 9, available: 3, shortfall: 9 },
      status: 402,
      retryAfter: true,
    },
  ],
}
