import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'
import { deliverer, emit } from '../test-support/deliver.ts'
import { type ReceivedRequest, type Receiver, startReceiver } from '../test-support/receiver.ts'

const notifications = { allowPrivate: true, timeoutMs: 1_500 }
let api: TestApi
let receiver: Receiver
/** Of an organization that each test has for itself. */
let organizationId: string
let key: string
let worker: ReturnType<typeof deliverer>

beforeAll(async () => {
  api = await createTestApi({ notifications })
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  ;({ organizationId } = await api.createOrganization('pro'))
  key = await api.createKey(organizationId, ['admin'])
  receiver = await startReceiver()
  worker = deliverer(api, notifications)
  // What the organization's beginning caused.
  await worker.fanOut()
})
afterEach(() => receiver[Symbol.asyncDispose]())

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> =>
  api.call(method, `/webhook-endpoints${path}`, { key, ...(body === undefined ? {} : { body }) })

async function addEndpoint(settings: object = {}): Promise<{ id: string; secret: string }> {
  const added = await call('POST', '', { url: `${receiver.url}/hook`, ...settings })
  expect(added.status).toBe(201)
  return added.body
}
const log = async (id: string) => (await call('GET', `/${id}/deliveries`)).body.deliveries
const endpoint = async (id: string) =>
  (await call('GET', '')).body.webhookEndpoints.find((one: { id: string }) => one.id === id)
const verified = (secret: string, { body, headers }: ReceivedRequest) =>
  new Webhook(secret).verify(body, headers)
/** The retries that a delivery makes by itself, to its end. */
async function tryOut(): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    await worker.passTime()
    if ((await worker.send()) === 0) return
  }
}

describe('endpoints', () => {
  test('are added with a secret that is shown once, listed, changed and removed', async () => {
    const added = await call('POST', '', {
      url: `${receiver.url}/hook`,
      description: 'CRM',
      events: ['plan.changed'],
    })
    expect(added.body).toMatchObject({
      url: `${receiver.url}/hook`,
      description: 'CRM',
      events: ['plan.changed'],
      enabled: true,
      lastStatus: null,
    })
    expect(added.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const { id } = added.body
    const list = await call('GET', '')
    expect(list.body.webhookEndpoints).toHaveLength(1)
    expect(JSON.stringify(list.body)).not.toContain('whsec_')
    expect(list.body.eventTypes).toContain('credits.depleted')
    const changed = await call('PATCH', `/${id}`, { enabled: false, events: null })
    expect(changed.body).toMatchObject({
      enabled: false,
      events: null,
      disabledReason: 'by_admin',
      description: 'CRM',
    })
    expect((await call('PATCH', `/${id}`, { enabled: true, description: null })).body).toMatchObject({
      enabled: true,
      disabledReason: null,
      description: null,
    })
    expect((await call('DELETE', `/${id}`)).status).toBe(204)
    expect((await call('DELETE', `/${id}`)).status).toBe(404)
    expect((await call('PATCH', `/${id}`, { enabled: true })).status).toBe(404)
    expect((await call('POST', `/${id}/test`)).status).toBe(404)
    expect((await call('POST', `/${id}/rotate-secret`)).status).toBe(404)
    expect((await call('GET', `/${id}/deliveries`)).status).toBe(404)
  })

  test('two changes at once both stand', async () => {
    const { id } = await addEndpoint()
    for (let round = 0; round < 5; round++) {
      await Promise.all([
        call('PATCH', `/${id}`, { description: `Round ${round}` }),
        call('PATCH', `/${id}`, { enabled: round % 2 === 0 }),
        call('PATCH', `/${id}`, { events: [round % 2 === 0 ? 'plan.changed' : 'credits.depleted'] }),
      ])
      expect(await endpoint(id)).toMatchObject({
        description: `Round ${round}`,
        enabled: round % 2 === 0,
        events: [round % 2 === 0 ? 'plan.changed' : 'credits.depleted'],
      })
    }
  })

  test('twenty are the most', async () => {
    for (let count = 0; count < 20; count++) await addEndpoint()
    const refused = await call('POST', '', { url: `${receiver.url}/hook` })
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'url' } })
  })

  test.each([
    [{ events: ['credits.low_balence'] }, 'events'],
    [{ events: [] }, 'events'],
    [{ events: ['Something'] }, 'events'],
    [{ url: 'ftp://example.com/x' }, 'url'],
    [{ url: 'https://user:password@example.com/x' }, 'url'],
    [{ url: 'nothing' }, 'url'],
  ])('%j is refused naming %s', async (settings, field) => {
    const refused = await call('POST', '', { url: 'https://example.com/x', ...settings })
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(JSON.stringify(refused.body)).toContain(field)
    expect(JSON.stringify(refused.body)).not.toContain('password@')
  })

  test('of another organization are not there', async () => {
    const { id } = await addEndpoint()
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    const [{ id: deliveryId }] = await log(id)
    const stranger = await api.createOrganization()
    const strangersKey = await api.createKey(stranger.organizationId, ['admin'])
    for (const [method, path, body] of [
      ['PATCH', `/${id}`, { enabled: false }],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/test`],
      ['POST', `/${id}/rotate-secret`],
      ['GET', `/${id}/deliveries`],
      ['POST', `/${id}/deliveries/${deliveryId}/redeliver`],
    ] as const) {
      const answer = await api.call(method, `/webhook-endpoints${path}`, {
        key: strangersKey,
        ...(body === undefined ? {} : { body }),
      })
      expect([method, path, answer.status]).toEqual([method, path, 404])
    }
    expect(receiver.requests).toHaveLength(1)
    expect(await endpoint(id)).toMatchObject({ enabled: true })
  })
})

test('private addresses are refused when an endpoint is made, and when its name leads to one', async () => {
  await using strict = await createTestApi({
    notifications: {
      lookup: (_name, options, callback) =>
        options.all === true
          ? callback(null, [{ address: '127.0.0.1', family: 4 }])
          : callback(null, '127.0.0.1', 4),
    },
  })
  const admin = await strict.createKey(strict.organizationId, ['admin'])
  const add = (url: string) => strict.call('POST', '/webhook-endpoints', { key: admin, body: { url } })
  for (const host of [
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['2130706433', '0x7f.1', '[::1]', '[::ffff:10.0.0.1]', '[fd00::1]', '[fe80::1]', '[64:ff9b::7f00:1]'],
    ...['localhost', 'db.internal', 'printer.local', 'localhost.'],
  ]) {
    const refused = await add(`https://${host}/hook`)
    expect([host, refused.status, refused.body['field']]).toEqual([host, 400, 'url'])
  }
  expect(await add('http://hooks.example/x')).toMatchObject({ status: 400, body: { field: 'url' } })
  for (const host of ['8.8.8.8', '[2606:4700::1111]'])
    expect((await add(`https://${host}/`)).status).toBe(201)
  const { body } = await add('https://hooks.example/x')
  const tried = await strict.call('POST', `/webhook-endpoints/${body.id}/test`, { key: admin })
  expect(tried).toMatchObject({
    status: 201,
    body: { status: 'failed', attempts: [{ status: null, error: 'address_refused' }] },
  })
})

describe('deliveries', () => {
  test('are signed by Standard Webhooks, with the event’s id, and logged', async () => {
    const { id, secret } = await addEndpoint()
    await emit(api, organizationId, 'credits.depleted', { balance: -1.5 })
    await worker.run()
    const [request] = receiver.requests
    if (request === undefined) throw new Error('Nothing came.')
    expect(verified(secret, request)).toEqual({
      type: 'credits.depleted',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { organizationId, balance: -1.5 },
    })
    expect(request.headers['webhook-id']).toMatch(new RegExp(`^event:${organizationId}:\\d+$`))
    expect(request.headers['content-type']).toBe('application/json')
    const tampered = { ...request, body: request.body.replace('-1.5', '99') }
    expect(() => verified(secret, tampered)).toThrow(WebhookVerificationError)
    const [delivery] = await log(id)
    expect(delivery).toMatchObject({
      eventId: request.headers['webhook-id'],
      type: 'credits.depleted',
      status: 'delivered',
      attempts: [{ status: 204, error: null, ms: expect.any(Number) }],
      nextAttemptAt: null,
    })
    expect(await endpoint(id)).toMatchObject({ lastStatus: 204, lastError: null, failingSince: null })
  })

  test('go to those who subscribe, charges to those who name them', async () => {
    const all = await addEndpoint({ url: `${receiver.url}/all` })
    await addEndpoint({ url: `${receiver.url}/plans`, events: ['plan.changed', 'crm.synced'] })
    await addEndpoint({ url: `${receiver.url}/off` }).then(({ id }) =>
      call('PATCH', `/${id}`, { enabled: false }),
    )
    await emit(api, organizationId, 'plan.changed')
    await emit(api, organizationId, 'credits.depleted')
    const charge = async () => {
      const hold = await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })
      await api.call('POST', `/reservations/${hold.body.id}/settle`, { key, body: { actualCredits: 0.75 } })
    }
    await charge()
    await worker.run()
    expect(receiver.requests.map(({ path }) => path).sort()).toEqual(['/all', '/all', '/plans'])
    await addEndpoint({ url: `${receiver.url}/charges`, events: ['credits.consumption'] })
    receiver.requests.length = 0
    await charge()
    await worker.run()
    const paths = receiver.requests.map(({ path, body }) => [path, JSON.parse(body).data.credits])
    expect(paths, 'not what was charged before it was asked for').toEqual([['/charges', 0.75]])
    expect(await log(all.id)).toHaveLength(2)
  })

  test('the same event twice is one delivery, also when the worker dies before the event is done', async () => {
    const { id } = await addEndpoint()
    await emit(api, organizationId, 'plan.changed')
    const { context } = worker
    const dying = async () => {
      await api.stipend.engine.deliverEvents({
        onEvent: async (event) => {
          if (event.organizationId === organizationId) {
            await context.engine.notifications.fanOut(event, { inApp: true, slack: false, mail: true })
          }
          throw new Error('killed')
        },
      })
      // Its lease runs out.
      await api.database.owner.query(
        `update stipend.outbox_cursors set next_attempt_at = now(), leased_until = '-infinity'`,
      )
    }
    await dying()
    await dying()
    await worker.run()
    await worker.run()
    expect(receiver.requests).toHaveLength(1)
    expect(await log(id)).toHaveLength(1)
    const { rows } = await api.database.owner.query(
      `select from stipend.notifications where organization_id = $1
       union all select from stipend.message_deliveries where organization_id = $1`,
      [organizationId],
    )
    expect(rows).toHaveLength(2)
  })

  test('two workers at once send once', async () => {
    await addEndpoint()
    for (let count = 0; count < 30; count++) await emit(api, organizationId, 'plan.changed', { count })
    const second = deliverer(api, notifications)
    await Promise.all([worker.run(), second.run(), worker.send(), second.send()])
    await worker.send()
    expect(receiver.requests).toHaveLength(30)
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(30)
  })

  test('of what is due, nobody is given what somebody else has', async () => {
    await addEndpoint()
    await addEndpoint({ url: `${receiver.url}/second` })
    for (let count = 0; count < 60; count++) await emit(api, organizationId, 'credits.depleted')
    await worker.fanOut()
    const { webhooks, notifications: messages } = api.stipend.engine
    await api.database.owner.query(
      `insert into stipend.message_deliveries (organization_id, channel, event_id, type, payload, event_at)
       select $1, 'slack', 'claimed:' || n, 'credits.depleted', '{}', now() from generate_series(1, 200) n`,
      [organizationId],
    )
    const askers = Array.from({ length: 8 })
    const given = await Promise.all(askers.map(() => webhooks.claimDue(20, 1_000)))
    const ids = given.flat().map(({ id }) => id)
    expect(ids.length).toBe(120)
    expect(new Set(ids).size).toBe(120)
    const posts = await Promise.all(askers.map(() => messages.claimDue(30, ['slack'])))
    const ours = posts.flat().filter((post) => post.organizationId === organizationId)
    expect(new Set(ours.map(({ id }) => id)).size).toBe(ours.length)
    expect(ours.length).toBeGreaterThan(150)
    // A lease runs out, and then it is due again.
    await api.database.owner.query(
      `update stipend.webhook_deliveries set leased_until = now() - interval '1 second'`,
    )
    expect(await webhooks.claimDue(200, 1_000)).toHaveLength(120)
    await api.database.owner.query('delete from stipend.message_deliveries where organization_id = $1', [
      organizationId,
    ])
    await api.database.owner.query('delete from stipend.webhook_deliveries where organization_id = $1', [
      organizationId,
    ])
  })

  test('one slow endpoint does not delay the others', async () => {
    await using slow = await startReceiver()
    slow.answer(204, { delayMs: 1_000 })
    await call('POST', '', { url: `${slow.url}/slow` })
    await addEndpoint()
    for (let count = 0; count < 12; count++) await emit(api, organizationId, 'plan.changed', { count })
    await worker.fanOut()
    const startedAt = Date.now()
    await worker.send()
    expect(receiver.requests).toHaveLength(12)
    expect(slow.requests, 'they came too').toHaveLength(12)
    const last = Math.max(...receiver.requests.map(({ at }) => at)) - startedAt
    expect(last, 'ms until the others had theirs').toBeLessThan(900)
    // Of an endpoint four are under way at most.
    expect(Date.now() - startedAt).toBeGreaterThan(2_900)
  }, 15_000)
})

describe('failures', () => {
  test('are retried with the same id on a schedule of 18 hours, then the delivery has failed', async () => {
    const { id, secret } = await addEndpoint()
    receiver.answer(500, { body: 'a secret of theirs' })
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    const waits: number[] = []
    for (let tries = 0; tries < 7; tries++) {
      const [delivery] = await log(id)
      expect(delivery.status).toBe('pending')
      waits.push((Date.parse(delivery.nextAttemptAt) - Date.parse(delivery.attempts.at(-1).at)) / 1000)
      expect(await worker.send(), 'not before it is due').toBe(0)
      await worker.passTime()
      expect(await worker.send()).toBe(1)
    }
    for (const [index, seconds] of [5, 60, 300, 1_800, 7_200, 18_000, 36_000].entries()) {
      expect(waits[index]).toBeGreaterThan(seconds * 0.89)
      expect(waits[index]).toBeLessThan(seconds * 1.11 + 2)
    }
    const [delivery] = await log(id)
    expect(delivery).toMatchObject({ status: 'failed', nextAttemptAt: null })
    expect(delivery.attempts).toHaveLength(8)
    expect(delivery.attempts[0]).toMatchObject({ status: 500, error: 'status' })
    expect(JSON.stringify(delivery)).not.toContain('theirs')
    await worker.passTime()
    expect(await worker.send()).toBe(0)
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    for (const request of receiver.requests) verified(secret, request)
  })

  test('redelivered by hand it goes at once; failing again it is retried anew', async () => {
    const { id, secret } = await addEndpoint()
    receiver.answer(503)
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    await tryOut()
    const [{ id: deliveryId }] = await log(id)
    const redeliver = () => call('POST', `/${id}/deliveries/${deliveryId}/redeliver`)
    expect(await redeliver()).toMatchObject({
      status: 200,
      body: { status: 'pending', nextAttemptAt: expect.any(String) },
    })
    receiver.answer(200)
    const done = await redeliver()
    expect(done).toMatchObject({ status: 200, body: { status: 'delivered', nextAttemptAt: null } })
    expect(done.body.attempts).toHaveLength(10)
    // Also what was delivered, with the same id.
    expect((await redeliver()).body).toMatchObject({ status: 'delivered' })
    const ids = receiver.requests.map(({ headers }) => headers['webhook-id'])
    expect(ids).toHaveLength(11)
    expect(new Set(ids).size).toBe(1)
    for (const request of receiver.requests) verified(secret, request)
    expect((await call('POST', `/${id}/deliveries/${organizationId}/redeliver`)).status).toBe(404)
  })

  test('one that is under way is not sent again beside it', async () => {
    const { id } = await addEndpoint()
    receiver.answer(200, { delayMs: 700 })
    await emit(api, organizationId, 'plan.changed')
    await worker.fanOut()
    const sending = worker.send()
    await expect.poll(() => receiver.requests.length).toBe(1)
    const [{ id: deliveryId }] = await log(id)
    expect(await call('POST', `/${id}/deliveries/${deliveryId}/redeliver`)).toMatchObject({
      status: 409,
      body: { code: 'request_in_flight', retryable: true },
    })
    await sending
    expect(receiver.requests).toHaveLength(1)
  })

  test('redirects are not followed, time runs out, and a receiver that is away is told by its kind', async () => {
    const { id } = await addEndpoint()
    const test = async () => (await call('POST', `/${id}/test`)).body
    receiver.answer(302, { headers: { location: `${receiver.url}/elsewhere` } })
    expect(await test()).toMatchObject({ status: 'failed', attempts: [{ status: 302, error: 'redirect' }] })
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/hook'])
    receiver.answer(200, { delayMs: 3_000 })
    expect(await test()).toMatchObject({ status: 'failed', attempts: [{ status: null, error: 'timeout' }] })
    await call('PATCH', `/${id}`, { url: 'http://127.0.0.1:1/away' })
    expect(await test()).toMatchObject({
      status: 'failed',
      attempts: [{ status: null, error: 'connection' }],
    })
    expect(await worker.send(), 'a test is tried once').toBe(0)
  }, 15_000)

  test('410 disables the endpoint, and its admins are told', async () => {
    const { id } = await addEndpoint({ description: 'Old CRM' })
    receiver.answer(410)
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    expect(await endpoint(id)).toMatchObject({ enabled: false, disabledReason: 'gone', lastStatus: 410 })
    expect((await log(id))[0]).toMatchObject({ status: 'failed' })
    await worker.run()
    const notices = await api.call('GET', '/notifications', { key })
    expect(JSON.stringify(notices.body)).not.toContain('/hook')
    expect(notices.body['notifications']).toMatchObject([
      {
        type: 'webhook_endpoint.disabled',
        payload: { endpointId: id, description: 'Old CRM', reason: 'gone', host: new URL(receiver.url).host },
      },
      { type: 'plan.changed' },
    ])
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    expect(receiver.requests, 'no more').toHaveLength(1)
  })

  test('five days of nothing but failures disable it; switched on again it gets what waited', async () => {
    const { id } = await addEndpoint()
    receiver.answer(500)
    const failFor = (days: number) =>
      api.database.owner.query(
        `update stipend.webhook_endpoints set failing_since = now() - $2 * interval '1 day' where id = $1`,
        [id, days],
      )
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    await failFor(4.9)
    await worker.passTime()
    await worker.send()
    expect(await endpoint(id)).toMatchObject({ enabled: true })
    await failFor(5.1)
    await worker.passTime()
    await worker.send()
    expect(await endpoint(id)).toMatchObject({ enabled: false, disabledReason: 'failing' })
    await worker.passTime()
    await worker.run()
    expect(receiver.requests).toHaveLength(3)
    receiver.answer(200)
    await call('PATCH', `/${id}`, { enabled: true })
    await worker.passTime()
    await worker.run()
    expect(receiver.requests).toHaveLength(4)
    expect((await log(id))[0]).toMatchObject({ type: 'plan.changed', status: 'delivered' })
    expect(await endpoint(id)).toMatchObject({ enabled: true, failingSince: null, lastStatus: 200 })
  })

  test('one success in between begins the five days anew', async () => {
    const { id } = await addEndpoint()
    receiver.answer(500)
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    await api.database.owner.query(
      `update stipend.webhook_endpoints set failing_since = now() - interval '9 days' where id = $1`,
      [id],
    )
    receiver.answer(200)
    await worker.passTime()
    await worker.send()
    receiver.answer(500)
    await emit(api, organizationId, 'plan.changed')
    await worker.run()
    expect(await endpoint(id)).toMatchObject({ enabled: true, failingSince: expect.any(String) })
  })
})

describe('the secret', () => {
  test('while it is replaced, both sign; afterwards the new one alone', async () => {
    const { id, secret: first } = await addEndpoint()
    const rotated = await call('POST', `/${id}/rotate-secret`, { overlapHours: 2 })
    expect(rotated.status).toBe(200)
    const { secret: second, previousSecretExpiresAt } = rotated.body
    expect(second).not.toBe(first)
    expect((Date.parse(previousSecretExpiresAt) - Date.now()) / 3_600_000).toBeCloseTo(2, 1)
    expect(await endpoint(id)).toMatchObject({ previousSecretExpiresAt })
    await call('POST', `/${id}/test`)
    const [during] = receiver.requests
    if (during === undefined) throw new Error('Nothing came.')
    expect(during.headers['webhook-signature']?.split(' ')).toHaveLength(2)
    expect(verified(first, during)).toEqual(verified(second, during))
    await api.database.owner.query(
      `update stipend.webhook_secrets set expires_at = now() - interval '1 second' where expires_at is not null`,
    )
    await call('POST', `/${id}/test`)
    const [, after] = receiver.requests
    if (after === undefined) throw new Error('Nothing came.')
    expect(verified(second, after)).toMatchObject({ type: 'webhook.test', data: { organizationId } })
    expect(() => verified(first, after)).toThrow(WebhookVerificationError)
    await api.stipend.engine.deleteExpiredRecords()
    const { rowCount } = await api.database.owner.query(
      'select from stipend.webhook_secrets where endpoint_id = $1',
      [id],
    )
    expect(rowCount).toBe(1)
  })

  test('with no overlap the one before ends at once; without a body it has 24 hours', async () => {
    const { id, secret } = await addEndpoint()
    await call('POST', `/${id}/rotate-secret`, { overlapHours: 0 })
    await call('POST', `/${id}/test`)
    const [request] = receiver.requests
    if (request === undefined) throw new Error('Nothing came.')
    expect(() => verified(secret, request)).toThrow(WebhookVerificationError)
    const { previousSecretExpiresAt } = (await call('POST', `/${id}/rotate-secret`)).body
    expect((Date.parse(previousSecretExpiresAt) - Date.now()) / 3_600_000).toBeCloseTo(24, 1)
    expect((await call('POST', `/${id}/rotate-secret`, { overlapHours: 200 })).status).toBe(400)
  })

  test('the same Idempotency-Key adds one endpoint, and keeps no secret', async () => {
    const add = () =>
      api.call('POST', '/webhook-endpoints', {
        key,
        body: { url: `${receiver.url}/hook` },
        headers: { 'idempotency-key': 'one' },
      })
    const [first, second] = [await add(), await add()]
    expect(second.body).toMatchObject({ id: first.body.id, secret: null, replayed: true })
    expect((await call('GET', '')).body.webhookEndpoints).toHaveLength(1)
  })

  test('is sealed in the database where the host has given a key for that', async () => {
    const sealing = { ...notifications, secretsKey: 'a key of tests, long enough for all of them' }
    await using sealed = await createTestApi({ notifications: sealing })
    const admin = await sealed.createKey(sealed.organizationId, ['admin'])
    const { body } = await sealed.call('POST', '/webhook-endpoints', {
      key: admin,
      body: { url: `${receiver.url}/hook` },
    })
    const { rows } = await sealed.database.owner.query('select secret from stipend.webhook_secrets')
    expect(rows).toEqual([{ secret: expect.stringMatching(/^sealed1:/) }])
    expect(JSON.stringify(rows)).not.toContain(body.secret)
    await emit(sealed, sealed.organizationId, 'plan.changed')
    await deliverer(sealed, sealing).run()
    const request = receiver.requests.find(({ body: text }) => text.includes('plan.changed'))
    if (request === undefined) throw new Error('Nothing came.')
    verified(body.secret, request)
    // Another key does not open it: told by its kind, and tried again.
    await emit(sealed, sealed.organizationId, 'plan.changed')
    await deliverer(sealed, { ...sealing, secretsKey: 'another key of tests, as long as the one' }).run()
    const page = await sealed.call('GET', `/webhook-endpoints/${body.id}/deliveries`, { key: admin })
    expect(JSON.stringify(page.body)).toContain('secret_unreadable')
  })
})

test('the log comes in pages, newest first, and for 30 days', async () => {
  const { id } = await addEndpoint()
  for (let count = 0; count < 5; count++) await emit(api, organizationId, 'plan.changed', { count })
  await worker.run()
  const seen: string[] = []
  for (let cursor = ''; ; ) {
    const { body } = await call('GET', `/${id}/deliveries?limit=2${cursor}`)
    seen.push(...body.deliveries.map((one: { eventId: string }) => one.eventId))
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
  }
  expect(seen).toEqual((await log(id)).map((one: { eventId: string }) => one.eventId))
  expect(new Set(seen).size).toBe(5)
  expect((await call('GET', `/${id}/deliveries?cursor=nonsense`)).status).toBe(400)
  await api.database.owner.query(
    `update stipend.webhook_deliveries set created_at = now() - interval '31 days' where endpoint_id = $1`,
    [id],
  )
  await api.stipend.engine.deleteExpiredRecords()
  expect(await log(id)).toEqual([])
  const { rowCount } = await api.database.owner.query(
    'select from stipend.webhook_attempts where organization_id = $1',
    [organizationId],
  )
  expect(rowCount).toBe(0)
})

test('who is erased is erased from what still waits for an endpoint, and from nobody else’s', async () => {
  await addEndpoint()
  receiver.answer(500)
  await api.stipend.engine.emitEvent({
    organizationId,
    type: 'crm.synced',
    payload: {
      contact: { id: 'eve-4711', name: 'Eve Example' },
      other: { id: 'ann-4712', name: 'Ann Example' },
    },
  })
  await worker.run()
  await api.stipend.engine.eraseParty({ organizationId, type: 'customer', id: 'eve-4711' })
  receiver.answer(200)
  await worker.passTime()
  await worker.send()
  const bodies = receiver.requests.map(({ body }) => body).filter((body) => body.includes('crm.synced'))
  expect(bodies).toHaveLength(2)
  expect(bodies[0]).toContain('Eve Example')
  expect(bodies[1]).not.toContain('Eve Example')
  expect(bodies[1]).toContain('Ann Example')
})
