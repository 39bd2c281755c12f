import { expect, test } from 'vitest'
import { useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const actor = { type: 'member', id: 'ann', name: 'Ann', email: 'ann@example.com' } as const

test('a name first seen in a refused call is stored with the first one that is admitted', async () => {
  const organizationId = await ledger.createOrganization('payg')
  const refused = engine.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(50),
    actor,
  })
  await expect(refused).rejects.toMatchObject({ code: 'insufficient_credits' })
  await ledger.grant(organizationId, 100)
  await ledger.settle(organizationId, await ledger.hold(organizationId, 1, { actor }), 1)
  expect((await ledger.transactions(organizationId)).at(-1)?.actor).toEqual(actor)
})
