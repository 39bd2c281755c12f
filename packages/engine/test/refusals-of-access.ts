import { credits } from '../src/index.ts'
import { onPlan, type RefusalCase, reserve } from './refusal-case.ts'

const pro = { plan: 'pro', name: 'Pro', priceUsdCents: 2900, monthlyCredits: 500 }

/** What a plan, a subscription or the operator does not allow. */
export const accessCases: Record<
  | 'organization_not_found'
  | 'capability_not_found'
  | 'quality_not_found'
  | 'capability_disabled'
  | 'subscription_inactive'
  | 'not_in_plan'
  | 'plan_disabled'
  | 'quality_not_allowed'
  | 'model_not_allowed'
  | 'model_unpriced',
  RefusalCase[]
> = {
  organization_not_found: [
    {
      title: 'reserve',
      prepare: async (ledger) => reserve(ledger, 'nobody'),
      detail: { organizationId: 'nobody' },
      status: 404,
    },
    {
      title: 'grant',
      prepare: async (ledger) => () =>
        ledger.engine.grantCredits({
          organizationId: 'nobody',
          type: 'promo',
          credits: credits(1),
          sourceId: 's',
        }),
      detail: { organizationId: 'nobody' },
      status: 404,
    },
    {
      title: 'balance',
      prepare: async (ledger) => () => ledger.engine.checkCreditBalance('nobody'),
      detail: { organizationId: 'nobody' },
      status: 404,
    },
  ],
  capability_not_found: [
    {
      title: 'unknown name',
      prepare: onPlan('free', { capability: 'fly' }),
      detail: { capability: 'fly', known: ['draft', 'limited', 'off', 'paused', 'raw', 'reply'] },
      status: 404,
    },
  ],
  quality_not_found: [
    {
      title: 'unknown name',
      prepare: onPlan('free', { quality: 'divine' }),
      detail: { quality: 'divine', known: ['fast', 'enhanced', 'premium'] },
      status: 404,
    },
  ],
  capability_disabled: [
    {
      title: "the operator's switch",
      prepare: onPlan('free', { capability: 'off' }),
      detail: { capability: 'off' },
      status: 503,
    },
  ],
  subscription_inactive: [
    {
      title: 'suspended',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('pro')
        await ledger.engine.updateSubscription({ organizationId, paidUntil: null, isSuspended: true })
        return reserve(ledger, organizationId)
      },
      detail: { status: 'suspended', plan: 'pro' },
      status: 403,
    },
    {
      title: 'past due with no bonus left',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('pro')
        await ledger.engine.updateSubscription({
          organizationId,
          paidUntil: new Date(Date.now() - 5 * 86_400_000),
        })
        return reserve(ledger, organizationId)
      },
      detail: { status: 'past_due', plan: 'pro' },
      status: 403,
    },
  ],
  not_in_plan: [
    {
      title: 'the cheapest plan that has it',
      prepare: onPlan('free', { capability: 'draft' }),
      detail: { plan: 'free', capability: 'draft', cheapestPlan: pro },
      status: 403,
    },
  ],
  plan_disabled: [
    {
      title: 'switched off in this plan',
      prepare: onPlan('free', { capability: 'paused' }),
      detail: { plan: 'free', capability: 'paused', cheapestPlan: pro },
      status: 403,
    },
  ],
  quality_not_allowed: [
    {
      title: 'the qualities that are',
      prepare: onPlan('free', { quality: 'enhanced' }),
      detail: { quality: 'enhanced', allowedQualities: ['fast'], cheapestPlan: pro },
      status: 403,
    },
  ],
  model_not_allowed: [
    {
      title: 'the models that are',
      prepare: onPlan('free', { model: 'beta' }),
      detail: {
        model: 'beta',
        allowedModels: ['alpha'],
        allowedQualities: ['fast'],
        cheapestPlan: { plan: 'payg' },
      },
      status: 403,
    },
  ],
  model_unpriced: [
    {
      title: 'picked by the host',
      prepare: onPlan('free', { model: 'unpriced' }),
      detail: { model: 'unpriced', unpriced: ['unpriced'] },
      status: 503,
    },
    {
      title: 'nothing else on the list',
      prepare: onPlan('free', { capability: 'raw' }),
      detail: { unpriced: ['unpriced'] },
      status: 503,
    },
  ],
}
