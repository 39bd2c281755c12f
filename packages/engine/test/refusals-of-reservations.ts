import { expect } from 'vitest'
import { credits } from '../src/index.ts'
import { minutes, type TestLedger } from './ledger.ts'
import { type RefusalCase, reserve } from './refusal-case.ts'

const settleOf = (ledger: TestLedger, organizationId: string, reservationId: string, amount: number) => () =>
  ledger.settle(organizationId, reservationId, amount)

/** What contradicts how a reservation or a key stands. */
export const standingCases: Record<
  | 'idempotency_mismatch'
  | 'request_in_flight'
  | 'reservation_not_found'
  | 'reservation_released'
  | 'settle_conflict'
  | 'replay_expired',
  RefusalCase[]
> = {
  idempotency_mismatch: [
    {
      title: 'reserve',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        await ledger.hold(organizationId, 1, { idempotencyKey: 'k' })
        return reserve(ledger, organizationId, { idempotencyKey: 'k', estimatedCredits: credits(2) })
      },
      detail: { reservationId: expect.any(String) },
      status: 422,
    },
    {
      title: 'adjust under the source of a grant',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const posting = { organizationId, credits: credits(5), sourceId: 's' }
        await ledger.engine.grantCredits({ ...posting, type: 'promo' })
        return () => ledger.engine.adjustCredits({ ...posting, reason: 'r' })
      },
      detail: { sourceId: 's', type: 'promo_bonus', credits: 5 },
      status: 422,
    },
  ],
  request_in_flight: [
    {
      title: "the key's first call is open",
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const input = { idempotencyKey: 'k', estimatedCredits: credits(1) }
        await reserve(ledger, organizationId, input)()
        return reserve(ledger, organizationId, input)
      },
      detail: { reservationId: expect.any(String) },
      status: 409,
      retryAfter: true,
    },
  ],
  reservation_not_found: [
    {
      title: 'unknown id',
      prepare: async (ledger) =>
        settleOf(ledger, await ledger.createOrganization(), '0197f000-0000-7000-8000-000000000000', 1),
      detail: { reservationId: '0197f000-0000-7000-8000-000000000000' },
      status: 404,
    },
    {
      title: 'no id at all',
      prepare: async (ledger) => settleOf(ledger, await ledger.createOrganization(), 'x', 1),
      detail: { reservationId: 'x' },
      status: 404,
    },
    {
      title: "another organization's",
      prepare: async (ledger) => {
        const reservationId = await ledger.hold(await ledger.createOrganization('free'))
        const organizationId = await ledger.createOrganization('free')
        return () => ledger.engine.releaseCredits({ organizationId, reservationId })
      },
      detail: {},
      status: 404,
    },
    {
      title: 'of no organization',
      prepare: async (ledger) => {
        const reservationId = await ledger.hold(await ledger.createOrganization('free'))
        return () => ledger.engine.extendReservation({ organizationId: 'nobody', reservationId })
      },
      detail: {},
      status: 404,
    },
  ],
  reservation_released: [
    {
      title: 'extend',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId)
        await ledger.engine.releaseCredits({ organizationId, reservationId })
        return () => ledger.engine.extendReservation({ organizationId, reservationId })
      },
      detail: { status: 'released', creditsUsed: 0 },
      status: 409,
    },
  ],
  settle_conflict: [
    {
      title: 'settled with another charge',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId)
        await ledger.settle(organizationId, reservationId, 3)
        return settleOf(ledger, organizationId, reservationId, 4)
      },
      detail: { status: 'settled', creditsUsed: 3 },
      status: 409,
    },
    {
      title: 'extend after expiry',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId, 1, { isDispatched: true })
        await ledger.moveClock(organizationId, minutes(6))
        await ledger.engine.cleanupReservations()
        return () => ledger.engine.extendReservation({ organizationId, reservationId })
      },
      detail: { status: 'expired', creditsUsed: 1 },
      status: 409,
    },
  ],
  replay_expired: [
    {
      title: 'the charge of the first answer',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const call = () =>
          ledger.engine.executeWithAIAccess(
            { organizationId, capability: 'reply', idempotencyKey: 'k', keepsReply: false },
            async () => ({ result: 1, actualCredits: credits(1.25) }),
          )
        await call()
        return call
      },
      detail: { creditsUsed: 1.25 },
      status: 410,
    },
  ],
}
