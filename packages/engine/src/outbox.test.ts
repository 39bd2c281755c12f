import { expect, test } from 'vitest'
import { days, useLedger } from '../test/ledger.ts'
import { type EventHandler, Outbox, type StipendEvent } from './outbox.ts'

const ledger = await useLedger()
const { engine, database } = ledger

async function emit(organizationId: string, ...types: string[]): Promise<void> {
  for (const type of types) {
    await database.owner.query(
      `insert into stipend.outbox_events (organization_id, type, payload, created_at) values ($1, $2, '{"n": 1.5}', now())`,
      [organizationId, type],
    )
  }
}

/** Delivers until nothing is due; what came, as `organization type`. */
async function deliverAll(
  options: { onEvent?: EventHandler; withConsumption?: boolean } = {},
): Promise<StipendEvent[]> {
  const seen: StipendEvent[] = []
  const onEvent: EventHandler = async (event, context) => {
    await options.onEvent?.(event, context)
    seen.push(event)
  }
  const outbox = new Outbox(database.server)
  for (;;) {
    const { isDone } = await outbox.deliver({ ...options, onEvent })
    if (isDone) return seen
  }
}

const typesOf = (events: readonly StipendEvent[], organizationId: string) =>
  events.filter((event) => event.organizationId === organizationId).map(({ type }) => type)

test('events come in order, once, and whole', async () => {
  const [first, second] = [await ledger.createOrganization(), await ledger.createOrganization()]
  await deliverAll()
  await emit(first, 'a', 'b', 'c')
  await emit(second, 'd', 'e')
  const events = await deliverAll()
  expect(typesOf(events, first)).toEqual(['a', 'b', 'c'])
  expect(typesOf(events, second)).toEqual(['d', 'e'])
  expect(events[0]).toMatchObject({ payload: { n: 1.5 }, createdAt: expect.any(Date) })
  expect(new Set(events.map(({ id }) => id)).size).toBe(5)
  expect(await deliverAll()).toEqual([])
})

test('a handler that fails holds back its organization only, and gets the same event again', async () => {
  const [first, second] = [await ledger.createOrganization(), await ledger.createOrganization()]
  await deliverAll()
  await emit(first, 'a', 'b', 'c')
  await emit(second, 'd')
  const failed: string[] = []
  const failing: EventHandler = async ({ type, id }) => {
    if (type !== 'b') return
    failed.push(id)
    throw new TypeError('a secret')
  }
  const events = await deliverAll({ onEvent: failing })
  expect([...typesOf(events, first), ...typesOf(events, second)]).toEqual(['a', 'd'])
  expect(failed, 'put off, not tried at once').toHaveLength(1)
  const cursor = `select attempts, last_error, lease, next_attempt_at > now() + interval '1 second' as waits
    from stipend.outbox_cursors where organization_id = $1`
  expect((await database.owner.query(cursor, [first])).rows).toEqual([
    { attempts: 1, last_error: 'TypeError', lease: null, waits: true },
  ])
  await database.owner.query('update stipend.outbox_cursors set next_attempt_at = now()')
  const later = await deliverAll()
  expect(typesOf(later, first)).toEqual(['b', 'c'])
  expect(later[0]?.id).toBe(failed[0])
})

test('a handler that hangs counts as failed', async () => {
  const organizationId = await ledger.createOrganization()
  await deliverAll()
  await emit(organizationId, 'a')
  let isAborted = false
  await new Outbox(database.server).deliver({
    timeoutMs: 50,
    onEvent: (_event, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => (isAborted = true))),
  })
  expect(isAborted).toBe(true)
  await database.owner.query('update stipend.outbox_cursors set next_attempt_at = now()')
  expect(typesOf(await deliverAll(), organizationId)).toEqual(['a'])
})

test('a worker that dies in the middle: its lease runs out and another goes on', async () => {
  const organizationId = await ledger.createOrganization()
  await deliverAll()
  await emit(organizationId, 'a', 'b', 'c')
  const claim = await database.server.query(`select * from stipend.claim_outbox(8, '', false)`)
  const { lease } = claim.rows[0]
  const { rows } = await database.owner.query<{ id: string }>(
    'select min(id) as id from stipend.outbox_events where organization_id = $1 and delivered_at is null',
    [organizationId],
  )
  const finish = () =>
    database.server.query('select stipend.finish_event($1, $2, $3, null) as is_ours', [
      organizationId,
      lease,
      rows[0]?.id,
    ])
  expect((await finish()).rows).toEqual([{ is_ours: true }])
  expect(await deliverAll(), 'leased').toEqual([])
  await database.owner.query(`update stipend.outbox_cursors set leased_until = now() - interval '1 second'`)
  expect(typesOf(await deliverAll(), organizationId)).toEqual(['b', 'c'])
  expect((await finish()).rows, 'the dead one has nothing to say any more').toEqual([{ is_ours: false }])
})

test('two workers at once deliver each event once, in order', async () => {
  const organizations = await Promise.all(Array.from({ length: 12 }, () => ledger.createOrganization()))
  await deliverAll()
  const types = Array.from({ length: 30 }, (_, index) => `event-${index}`)
  await Promise.all(organizations.map((organizationId) => emit(organizationId, ...types)))
  const seen: StipendEvent[] = []
  const onEvent: EventHandler = async (event) => {
    seen.push(event)
  }
  await Promise.all([deliverAll({ onEvent }), deliverAll({ onEvent }), deliverAll({ onEvent })])
  for (const organizationId of organizations) expect(typesOf(seen, organizationId)).toEqual(types)
})

test('organizations take turns, whatever their names', async () => {
  const organizations = await Promise.all(Array.from({ length: 20 }, () => ledger.createOrganization()))
  await deliverAll()
  const many = Array.from({ length: 101 }, () => 'many')
  await Promise.all(organizations.map((organizationId) => emit(organizationId, ...many)))
  const outbox = new Outbox(database.server)
  const seen = new Set<string>()
  for (let batch = 0; batch < 3; batch += 1) {
    await outbox.deliver({ onEvent: async ({ organizationId }) => void seen.add(organizationId) })
  }
  expect([...seen].sort()).toEqual(organizations.toSorted())
  expect(await deliverAll(), 'the last one of each').toHaveLength(20)
})

test('charges are told from when somebody asks for them, each once', async () => {
  const organizationId = await ledger.createOrganization('payg', 20)
  await ledger.spend(organizationId, 1)
  expect(typesOf(await deliverAll(), organizationId)).not.toContain('credits.consumption')
  const asked = await deliverAll({ withConsumption: true })
  expect(typesOf(asked, organizationId), 'what was before').toEqual([])
  await ledger.spend(organizationId, 2)
  await ledger.grant(organizationId, 1)
  const other = await ledger.createOrganization('payg', 20)
  await ledger.spend(other, 0.5)
  const events = await deliverAll({ withConsumption: true })
  const charges = events.filter(({ type }) => type === 'credits.consumption')
  expect(charges.map((event) => [event.organizationId, event.payload['credits']]).sort()).toEqual(
    [
      [organizationId, 2],
      [other, 0.5],
    ].sort(),
  )
  expect(charges[0]?.payload).toMatchObject({ capability: 'reply', quality: 'fast', model: null })
  expect(await deliverAll({ withConsumption: true })).toEqual([])
  await ledger.spend(other, 0.75)
  expect(await deliverAll(), 'nobody asks now').toEqual([])
  const later = await deliverAll({ withConsumption: true })
  expect(later.map(({ payload }) => payload['credits'])).toEqual([0.75])
})

test('an event of an organization that is not there stops nobody', async () => {
  await deliverAll()
  await emit('nobody', 'a')
  expect(await deliverAll()).toHaveLength(1)
})

test('delivered events go after 30 days, others stay', async () => {
  const organizationId = await ledger.createOrganization()
  await deliverAll()
  await emit(organizationId, 'old', 'young')
  await deliverAll()
  await emit(organizationId, 'waiting')
  const age = (type: string, column: string, age: number) =>
    database.owner.query(
      `update stipend.outbox_events set ${column} = now() - $2 * interval '1 millisecond' where type = $1`,
      [type, age],
    )
  await age('old', 'delivered_at', days(31))
  await age('young', 'delivered_at', days(29))
  await age('waiting', 'created_at', days(60))
  expect(await engine.deleteExpiredRecords()).toBe(1)
  const left = (await ledger.eventTypes(organizationId)).filter((type) => /old|young|waiting/.test(type))
  expect(left).toEqual(['young', 'waiting'])
})
