import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

test('a reservation is read by its id, by either scope, by its own organization', async () => {
  const { key, organizationId } = await api.createOrganization()
  const held = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', actor: { type: 'member', id: 'ann' } },
  })
  const path = `/reservations/${held.body.id}`
  for (const scope of ['reservations:write', 'credits:read'] as const) {
    const read = await api.call('GET', path, { key: await api.createKey(organizationId, [scope]) })
    expect(read).toMatchObject({
      status: 200,
      body: {
        id: held.body.id,
        status: 'open',
        dispatched: false,
        estimatedCredits: 0.5,
        creditsUsed: null,
        actor: { type: 'member', id: 'ann' },
        leaseExpiresAt: held.body.leaseExpiresAt,
        endedAt: null,
      },
    })
  }
  const runner = await api.createKey(organizationId, ['ai:run'])
  expect((await api.call('GET', path, { key: runner })).status).toBe(403)
  const stranger = await api.call('GET', path)
  expect(stranger).toMatchObject({ status: 404, body: { code: 'reservation_not_found' } })
  expect((await api.call('GET', '/reservations/nothing')).status).toBe(404)
})

test('the open ones are listed page by page', async () => {
  const { key } = await api.createOrganization()
  const ids: string[] = []
  for (let i = 0; i < 3; i += 1) {
    const held = await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })
    ids.unshift(held.body.id)
  }
  await api.call('POST', `/reservations/${ids[1]}/release`, { key })
  const first = await api.call('GET', '/reservations?status=open&limit=1', { key })
  expect(first.body).toMatchObject({ reservations: [{ id: ids[0], status: 'open' }], nextCursor: ids[0] })
  const second = await api.call('GET', `/reservations?status=open&limit=1&cursor=${first.body.nextCursor}`, {
    key,
  })
  expect(second.body).toMatchObject({ reservations: [{ id: ids[2] }], nextCursor: null })
  const all = await api.call('GET', '/reservations', { key })
  expect(all.body.reservations).toMatchObject([
    { status: 'open' },
    { status: 'released' },
    { status: 'open' },
  ])
  for (const query of ['status=settled', 'cursor=7', 'limit=0']) {
    const refused = await api.call('GET', `/reservations?${query}`, { key })
    expect(refused).toMatchObject({ status: 400, body: { field: query.split('=')[0] } })
  }
})
