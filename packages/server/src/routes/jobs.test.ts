import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createStipend } from '../stipend.ts'
import { callApp, catalog, createTestApi, type TestApi } from '../test-support/api.ts'
import { holdsOf, insertDueHolds } from '../test-support/holds.ts'

const jobsSecret = 'a secret of tests, as long as it has to be'
const paths = ['/jobs/cleanup-reservations', '/jobs/reset-credits']

let api: TestApi
beforeAll(async () => {
  api = await createTestApi({ jobsSecret, clientAddress: () => '192.0.2.1', wrongCredentialsPerMinute: 12 })
})
afterAll(() => api[Symbol.asyncDispose]())

const run = (path: string, secret?: string) =>
  api.call('POST', path, {
    key: undefined,
    headers: secret === undefined ? {} : { 'stipend-jobs-secret': secret },
  })

test('holds whose lease ran out are ended once, however many call', async () => {
  const { organizationId } = await api.createOrganization('pro')
  await insertDueHolds(api.database, organizationId, 1_200)
  const answers = await Promise.all(Array.from({ length: 20 }, () => run(paths[0] ?? '', jobsSecret)))
  for (const { status, body } of answers) {
    expect([status, body]).toEqual([200, { count: 1_200, isDone: true }])
  }
  expect(await holdsOf(api.database, organizationId)).toMatchObject({ open: 0, expired: 1_200 })
  expect((await run(paths[0] ?? '', jobsSecret)).body).toEqual({ count: 0, isDone: true })
  expect((await api.stipend.engine.verifyLedger()).problems).toEqual([])
})

test('periods that are over are reset once, by two servers at once', async () => {
  const { organizationId } = await api.createOrganization('pro')
  await api.database.owner.query(`insert into stipend.test_clocks values ($1, interval '32 days')`, [
    organizationId,
  ])
  const second = createStipend({ database: api.database.server, catalog, jobsSecret })
  const headers = { 'stipend-jobs-secret': jobsSecret }
  const answers = await Promise.all([
    run(paths[1] ?? '', jobsSecret),
    callApp(second, 'POST', paths[1] ?? '', { headers }),
  ])
  await second.close()
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  const { rows } = await api.database.owner.query(
    `select type, count(*)::integer from stipend.credit_transactions where organization_id = $1 group by 1 order by 1`,
    [organizationId],
  )
  expect(rows).toContainEqual({ type: 'plan_allocation', count: 2 })
  expect(answers.reduce((sum, { body }) => sum + Number(body['count']), 0)).toBe(1)
  expect((await run(paths[1] ?? '', jobsSecret)).body).toEqual({ count: 0, isDone: true })
})

describe.each(paths)('%s', (path) => {
  test('is nobody’s without the secret, whoever asks', async () => {
    const { organizationId } = await api.createOrganization('pro')
    await insertDueHolds(api.database, organizationId, 1)
    const refused = { status: 401, body: { code: 'unauthenticated', field: 'Stipend-Jobs-Secret' } }
    expect(await run(path)).toMatchObject(refused)
    for (const wrong of ['', `${jobsSecret}x`, jobsSecret.toUpperCase(), 'é']) {
      expect(await run(path, encodeURI(wrong))).toMatchObject(refused)
    }
    expect(await api.call('POST', path, { key: api.platformKey })).toMatchObject(refused)
    expect(await holdsOf(api.database, organizationId)).toMatchObject({ open: 1 })
    await run('/jobs/cleanup-reservations', jobsSecret)
  })

  test('is nobody’s where none is set', async () => {
    const without = createStipend({ database: api.database.server, catalog })
    for (const secret of ['', 'undefined', jobsSecret]) {
      const answer = await callApp(without, 'POST', path, { headers: { 'stipend-jobs-secret': secret } })
      expect(answer.status).toBe(401)
    }
    await without.close()
  })

  test('is called with POST', async () => {
    expect(await api.call('GET', path, { headers: { 'stipend-jobs-secret': jobsSecret } })).toMatchObject({
      status: 405,
    })
  })
})

test('a secret is not tried out: 429 after some wrong ones, and the right one works all the same', async () => {
  const statuses: number[] = []
  for (let i = 0; i < 14; i += 1) statuses.push((await run(paths[0] ?? '', 'wrong')).status)
  expect(statuses.at(-1)).toBe(429)
  expect((await run(paths[0] ?? '', jobsSecret)).status).toBe(200)
})

test('a secret that is short is refused at the start', () => {
  expect(() => createStipend({ database: api.database.server, catalog, jobsSecret: 'short' })).toThrow(
    /jobsSecret must have 32/,
  )
})
