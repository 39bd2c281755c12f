import { expect, test } from 'vitest'
import { minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

test('a reservation tells how it stands, open, settled and expired', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const actor = { type: 'member', id: 'ann', name: 'Ann' } as const
  const reservationId = await ledger.hold(organizationId, 2, { actor, model: 'beta' })
  expect(await engine.getReservation({ organizationId, reservationId })).toMatchObject({
    id: reservationId,
    status: 'open',
    capability: 'reply',
    quality: 'fast',
    model: 'beta',
    estimatedCredits: 200,
    maximumCredits: 2000,
    creditsUsed: null,
    sequence: null,
    actor: { type: 'member', id: 'ann' },
    subject: null,
    endedAt: null,
  })
  await ledger.settle(organizationId, reservationId, 1.5)
  expect(await engine.getReservation({ organizationId, reservationId })).toMatchObject({
    status: 'settled',
    creditsUsed: 150,
    sequence: 2,
    endedAt: expect.any(Date),
  })
})

test("another organization's reservation is not found", async () => {
  const reservationId = await ledger.hold(await ledger.createOrganization('payg', 10))
  const organizationId = await ledger.createOrganization('payg', 10)
  const unknown = { code: 'reservation_not_found', detail: { reservationId } }
  await expect(engine.getReservation({ organizationId, reservationId })).rejects.toMatchObject(unknown)
  expect(await engine.listReservations({ organizationId })).toEqual({ holds: [], nextCursor: null })
  await expect(engine.listReservations({ organizationId: 'nobody' })).rejects.toMatchObject({
    code: 'organization_not_found',
  })
})

test('pages follow each other without gap or double, all or the open ones', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const ids: string[] = []
  for (let i = 0; i < 7; i += 1)
    ids.push(await ledger.hold(organizationId, 1, { leaseSeconds: i < 2 ? 60 : 600 }))
  const [, , third = ''] = ids
  await engine.settleCredits({ organizationId, reservationId: third, actualCredits: credits(1) })
  await ledger.moveClock(organizationId, minutes(2))
  await engine.cleanupReservations()
  const newestFirst = (of: string[]) => of.toSorted().toReversed()
  const read = async (status: 'open' | undefined) => {
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await engine.listReservations({ organizationId, status, limit: 2, cursor })
      found.push(...page.holds.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return found
  }
  expect(await read(undefined)).toEqual(newestFirst(ids))
  expect(await read('open')).toEqual(newestFirst(ids.slice(3)))
})
