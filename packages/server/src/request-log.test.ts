import { streamText } from 'ai'
import { expect, onTestFinished, test } from 'vitest'
import type { Logger } from './context.ts'
import { createRouter } from './router.ts'
import { callApp, createTestApi } from './test-support/api.ts'

interface Line {
  readonly level: 'info' | 'error'
  readonly message: string | undefined
  readonly requestId?: string
  readonly jobId?: string
  readonly job?: string
  readonly [field: string]: unknown
}

function gather(): { lines: Line[]; logger: Logger } {
  const lines: Line[] = []
  const note = (level: Line['level']) => (fields: object, message?: string) =>
    void lines.push({ level, message, ...fields })
  return { lines, logger: { info: note('info'), error: note('error') } }
}

test('every line of a request has its id, also those that are written after its answer has begun', async () => {
  const { lines, logger } = gather()
  const api = await createTestApi({ logger })
  onTestFinished(() => api[Symbol.asyncDispose]())
  const { organizationId } = await api.createOrganization('pro')
  const router = createRouter()
  router.get('/host/stream/:name', () => {
    // Nobody serves the catalog's models here: the call fails once the stream is read, and is reported.
    const model = api.stipend.model({ organizationId, capability: 'reply' })
    return streamText({
      model,
      prompt: 'hello',
      maxRetries: 0,
      onError: () => undefined,
    }).toTextStreamResponse()
  })
  router.get('/host/broken', () => {
    throw new Error('broken')
  })
  api.stipend.app.route('/', router)

  const names = Array.from({ length: 8 }, (_, index) => `req-${index}`)
  await Promise.all(
    names.map((name) =>
      callApp(api.stipend, 'GET', `/host/stream/${name}`, { headers: { 'x-request-id': name } }),
    ),
  )
  await callApp(api.stipend, 'GET', '/host/broken', { headers: { 'x-request-id': 'req-broken' } })
  const of = (message: string) =>
    lines.filter((line) => line.message === message).map(({ requestId }) => requestId)
  expect(of('no model answered').toSorted()).toEqual(names)
  expect(of('request').toSorted()).toEqual([...names, 'req-broken'])
  expect(of('request failed')).toEqual(['req-broken'])
  expect(lines.filter(({ requestId }) => requestId === undefined)).toEqual([])
})

test('every line of a job’s run has the id of that run', async () => {
  const { lines, logger } = gather()
  const api = await createTestApi({
    logger,
    onEvent: async ({ id }) => {
      // What a handler logs of Stipend's work is of that run too.
      logger.info({ id }, 'host')
      throw new TypeError('not taken')
    },
  })
  onTestFinished(() => api[Symbol.asyncDispose]())
  const { database } = api
  await database.owner.query('drop function stipend.expire_grants')
  await database.owner.query(
    `update stipend.organization_credit_balances set monthly_left = monthly_left + 1`,
  )
  const worker = await api.stipend.startWorker({ databaseUrl: database.ownerUrl })
  onTestFinished(() => worker.stop())
  const of = (message: string) => lines.filter((line) => line.message === message)
  await expect.poll(() => of('event not taken').length, { timeout: 15_000 }).toBeGreaterThan(0)
  await expect.poll(() => of('job failed').length, { timeout: 15_000 }).toBeGreaterThan(0)
  await expect.poll(() => of('the ledger contradicts itself').length, { timeout: 15_000 }).toBeGreaterThan(0)
  for (const line of [
    ...of('event not taken'),
    ...of('job failed'),
    ...of('the ledger contradicts itself'),
  ]) {
    expect(line).toMatchObject({ level: 'error', jobId: expect.stringMatching(/^\d+$/) })
  }
  // The function that was dropped is a problem of the installation, of no organization.
  const problem = of('the ledger contradicts itself').find(
    ({ organizationId }) => typeof organizationId === 'string',
  )
  expect(problem).toMatchObject({ organizationId: api.organizationId, problem: expect.any(String) })
  const summary = lines.find(({ job, message }) => job === 'verify-ledger' && message === 'job')
  expect(summary?.jobId).toBe(problem?.jobId)
  expect(of('job failed')).toMatchObject([{ job: 'expire-grants', code: 'database_unavailable' }])
})
