import fc from 'fast-check'
import { expect, test } from 'vitest'
import { days, hours, useLedger } from '../test/ledger.ts'
import { credits, formatCredits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

async function sqlFunctions(organizationId: string) {
  const text = `select stipend.get_available_credits($1) as available, stipend.get_spendable_credits($1) as spendable,
       stipend.get_used_this_period($1) as used`
  return await engine.withOrganization(organizationId, async (client) => {
    const { rows } = await client.query<Record<string, string | null>>(text, [organizationId])
    return rows[0]
  })
}

test("readers' functions say what checkCreditBalance says", async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.spend(organizationId, 3.5)
  await ledger.hold(organizationId, 4)
  expect(await sqlFunctions(organizationId)).toEqual({ available: '14.50', spendable: '12.50', used: '3.50' })
  await ledger.moveClock(organizationId, days(32))
  expect(await sqlFunctions(organizationId)).toEqual({ available: '18.00', spendable: '16.00', used: '0.00' })
  const unlimited = await ledger.createOrganization('unlimited')
  await ledger.spend(unlimited, 2)
  expect(await sqlFunctions(unlimited)).toEqual({ available: null, spendable: null, used: '2.00' })
  expect(await sqlFunctions('nobody')).toEqual({ available: null, spendable: null, used: null })
})

const action = fc.oneof(
  fc.record({
    kind: fc.constant('grant' as const),
    amount: fc.integer({ min: 1, max: 3000 }),
    lastsHours: fc.option(fc.integer({ min: 1, max: 2000 })),
  }),
  fc.record({ kind: fc.constant('spend' as const), amount: fc.integer({ min: 1, max: 4000 }) }),
  fc.record({ kind: fc.constant('plan' as const), plan: fc.constantFrom('free', 'payg', 'pro', 'team') }),
  fc.record({
    kind: fc.constant('subscription' as const),
    paidHours: fc.option(fc.integer({ min: 1, max: 1500 })),
  }),
)

test('projected, a balance is what catching up writes, for any history of what is due', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(action, fc.integer({ min: 0, max: 1200 })), { minLength: 1, maxLength: 6 }),
      async (steps) => {
        const organizationId = await ledger.createOrganization('free')
        let nowHours = 0
        const time = (inHours: number) => new Date(Date.now() + hours(nowHours + inHours))
        for (const [step, moveHours] of steps) {
          if (step.kind === 'grant') {
            await ledger.grant(
              organizationId,
              step.amount / 100,
              step.lastsHours === null ? undefined : time(step.lastsHours),
            )
          } else if (step.kind === 'spend') {
            await engine.adjustCredits({
              organizationId,
              credits: credits(-step.amount / 100),
              reason: 'spent',
              sourceId: `spend-${Math.random()}`,
            })
          } else if (step.kind === 'plan') {
            await engine.changePlan({ organizationId, plan: step.plan })
          } else {
            await engine.updateSubscription({
              organizationId,
              paidUntil: step.paidHours === null ? null : time(step.paidHours),
            })
          }
          nowHours += moveHours
          await ledger.moveClock(organizationId, hours(moveHours))
          const projected = await engine.checkCreditBalance(organizationId)
          const functions = await sqlFunctions(organizationId)
          expect(functions?.['spendable']).toBe(formatCredits(projected.spendable ?? credits(0)))
          await engine.resetMonthlyCredits()
          expect(await engine.checkCreditBalance(organizationId)).toEqual(projected)
          const { rows } = await ledger.database.owner.query(
            `select (monthly_left * 100)::integer as "monthlyCredits", (bonus * 100)::integer as "bonusCredits",
               (debt * 100)::integer as "debtCredits", (used_this_period * 100)::integer as "usedThisPeriod",
               (monthly_allocation * 100)::integer as "monthlyAllocation", period_end as "periodEndsAt"
             from stipend.organization_credit_balances where organization_id = $1`,
            [organizationId],
          )
          expect(projected).toMatchObject(rows[0] ?? {})
        }
        expect(await ledger.invariants(organizationId)).toEqual([])
      },
    ),
    { numRuns: 40 },
  )
}, 60_000)

test('low and depleted are told when the balance crosses, not again and again', async () => {
  const organizationId = await ledger.createOrganization('free')
  const told = []
  for (const amount of [17, 1.5, 1, 0.5, 1]) {
    await ledger.spend(organizationId, amount)
    const types = await ledger.eventTypes(organizationId)
    told.push(types.filter((type) => type === 'credits.low_balance' || type === 'credits.depleted').length)
  }
  expect(told).toEqual([0, 1, 1, 2, 2])
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({ isLow: true, balance: -100 })
})
