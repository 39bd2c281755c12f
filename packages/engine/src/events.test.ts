import { expect, test } from 'vitest'
import { useLedger } from '../test/ledger.ts'
import { NotFoundError } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const type = 'form.ai_unavailable'
const payload = { formId: 'f', reason: 'insufficient_credits' }

const eventsOf = async (organizationId: string) =>
  (
    await ledger.database.owner.query(
      'select type, payload from stipend.outbox_events where organization_id = $1 order by id',
      [organizationId],
    )
  ).rows

test('an event of the host’s goes to the outbox', async () => {
  const organizationId = await ledger.createOrganization()
  await engine.emitEvent({ organizationId, type, payload })
  expect((await eventsOf(organizationId)).at(-1)).toEqual({ type, payload })
})

test('in a transaction of the host’s, it is there if that commits', async () => {
  const organizationId = await ledger.createOrganization()
  const client = await ledger.database.server.connect()
  const before = (await eventsOf(organizationId)).length
  for (const [end, more] of [
    ['rollback', 0],
    ['commit', 1],
  ] as const) {
    await client.query('begin')
    await engine.emitEvent({ organizationId, type, payload }, client)
    await client.query(end)
    expect(await eventsOf(organizationId)).toHaveLength(before + more)
  }
  client.release()
})

test('bears the organization’s time', async () => {
  const organizationId = await ledger.createOrganization()
  await ledger.freezeClock(organizationId, new Date('2031-05-05T12:00:00Z'))
  await engine.emitEvent({ organizationId, type, payload })
  const { rows } = await ledger.database.owner.query(
    'select created_at from stipend.outbox_events where organization_id = $1 and type = $2',
    [organizationId, type],
  )
  expect(rows[0]?.created_at.toISOString()).toMatch(/^2031-05-05T12:00/)
})

test.each([
  ['Form', 'type'],
  ['form', 'type'],
  ['form.', 'type'],
  ['credits.depleted', 'type'],
  ['plan.changed', 'type'],
  ['topup.clawed_back', 'type'],
])('%s is no type of the host’s', async (wrong, field) => {
  const organizationId = await ledger.createOrganization()
  await expect(engine.emitEvent({ organizationId, type: wrong, payload })).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field },
  })
})

test('a payload has its limit, and an unknown organization no events', async () => {
  const organizationId = await ledger.createOrganization()
  const large = { text: 'x'.repeat(9000) }
  await expect(engine.emitEvent({ organizationId, type, payload: large })).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'payload' },
  })
  await expect(engine.emitEvent({ organizationId: 'nobody', type, payload })).rejects.toThrow(NotFoundError)
})
