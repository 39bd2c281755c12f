import { expect, test } from 'vitest'
import { days, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()

test('an organization that exists is not taken in again: refused, and nothing changes', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const before = await ledger.pools(organizationId)
  const takeIn = { periodAnchor: new Date(Date.now() - days(13)), bonusCredits: credits(50) }
  const again = ledger.engine.putOrganization({ organizationId, name: 'Renamed', plan: 'pro', takeIn })
  await expect(again).rejects.toMatchObject({ code: 'invalid_request', detail: { field: 'takeIn' } })
  expect(await ledger.pools(organizationId)).toEqual(before)
})
