import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
let key: string
const asked: unknown[] = []
beforeAll(async () => {
  api = await createTestApi({
    exportHostParty: async (party) => {
      asked.push(party)
      return { nickname: 'Annie' }
    },
  })
  key = await api.createKey(api.organizationId, ['admin'])
})
afterAll(() => api[Symbol.asyncDispose]())

const ann = { type: 'customer', id: 'customer:ä/1', name: 'Ann Årsen', email: 'ann@example.com' }
const path = `/parties/customer/${encodeURIComponent(ann.id)}`

test('are exported and erased; another organization’s are not there', async () => {
  const held = await api.call('POST', '/reservations', { body: { capability: 'reply', actor: ann } })
  await api.call('POST', `/reservations/${held.body.id}/settle`, { body: { actualCredits: 0.5 } })
  const other = await api.createOrganization()
  const stranger = await api.createKey(other.organizationId, ['admin'])
  const nothing = { versions: [], transactions: [], reservations: [], uses: [], replies: [] }
  expect((await api.call('GET', path, { key: stranger })).body).toMatchObject(nothing)
  const erase = (organizationId: string) =>
    api.call('DELETE', path, { key: api.platformKey, headers: { 'stipend-organization': organizationId } })
  expect((await erase(other.organizationId)).body).toEqual({ versions: 0, replies: 0, events: 0 })

  const exported = await api.call('GET', path, { key })
  expect(exported).toMatchObject({
    status: 200,
    body: {
      type: 'customer',
      id: ann.id,
      versions: [{ name: ann.name, email: ann.email, erasedAt: null }],
      transactions: [{ role: 'actor', type: 'ai_consumption', amount: -0.5, reservationId: held.body.id }],
      reservations: [{ id: held.body.id, status: 'settled' }],
      host: { nickname: 'Annie' },
    },
  })
  expect(asked.at(-1)).toEqual({ organizationId: api.organizationId, type: 'customer', id: ann.id })

  const erased = await erase(api.organizationId)
  expect(erased).toMatchObject({ status: 200, body: { versions: 1, replies: 0, events: 0 } })
  const after = await api.call('GET', path, { key })
  expect(after.body).toMatchObject({ versions: [{ name: null, email: null, erasedAt: expect.any(String) }] })
  expect(after.text).not.toMatch(/Årsen|ann@/)
  expect((await api.stipend.engine.verifyLedger(api.organizationId)).problems).toEqual([])
})

test('are exported for admins, and erased by operators', async () => {
  expect(await api.call('GET', path)).toMatchObject({ status: 403, body: { scope: 'admin' } })
  expect(await api.call('DELETE', path, { key })).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  expect(await api.call('DELETE', path, { key: api.platformKey })).toMatchObject({
    status: 400,
    body: { field: 'Stipend-Organization' },
  })
})
