import { execFile, spawnSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { credits } from '@stipend/engine'
import { createStipend } from '@stipend/server'
import { toNodeHandler } from '@stipend/server/node'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startModels } from '../test-support/models.ts'
import { catalog } from './stipend.catalog.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0
if (!hasPython) console.log('Skipped: examples/python (python3 is not installed)')

describe.skipIf(!hasPython)('a Python program over /reservations', async () => {
  const organizationId = 'quill'
  const database = await createTestDatabase()
  const models = await startModels('Good morning, world.')
  const stipend = createStipend({ database: database.server, catalog })
  const { engine } = stipend
  let server: Server
  let environment: Record<string, string>

  beforeAll(async () => {
    await engine.pushCatalog({ author: 'test' })
    await engine.putOrganization({ organizationId, name: 'Quill', plan: 'free' })
    const scopes = ['reservations:write'] as const
    const { secret } = await engine.createApiKey({ organizationId, name: 'python', scopes })
    server = createServer(toNodeHandler(stipend.fetch)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    environment = {
      STIPEND_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      STIPEND_API_KEY: secret,
      MODEL_URL: models.settings.baseURL,
      MODEL_API_KEY: models.settings.apiKey,
      PATH: '/usr/local/bin:/usr/bin:/bin',
      PYTHONDONTWRITEBYTECODE: '1',
    }
  })
  afterAll(async () => {
    server.close()
    await stipend.close()
    await models[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const translate = (key: string) =>
    new Promise<{ code: number; output: string; trace: string }>((resolve) => {
      const script = join(import.meta.dirname, 'translate.py')
      const child = execFile(
        'python3',
        [script, key, 'Guten Morgen, Welt.'],
        { env: environment },
        (_error, output, trace) => resolve({ code: child.exitCode ?? -1, output, trace }),
      )
    })
  const reserved = async () => (await engine.checkCreditBalance(organizationId)).reservedCredits

  test('holds, calls its model and settles by the usage that the provider told', async () => {
    const { output, trace } = await translate('mail-1')
    expect(trace).toBe('')
    expect(JSON.parse(output)).toEqual({
      replayed: false,
      answer: 'Good morning, world.',
      creditsUsed: 0.5,
      balanceRemaining: 4.5,
    })
    expect(await reserved()).toBe(0)
  })

  test('the same key calls nothing again and tells the first charge', async () => {
    const calls = models.calls
    expect(JSON.parse((await translate('mail-1')).output)).toEqual({ replayed: true, creditsUsed: 0.5 })
    expect(models.calls).toBe(calls)
    const { transactions } = await engine.listTransactions({ organizationId })
    expect(transactions.filter(({ type }) => type === 'ai_consumption')).toHaveLength(1)
  })

  test('a model call that fails releases the hold, and its key may be used again', async () => {
    models.failNext(500)
    const failed = await translate('mail-2')
    expect(failed.code).toBe(1)
    expect(failed.trace).toContain('HTTP Error 500')
    expect(await reserved()).toBe(0)
    expect(JSON.parse((await translate('mail-2')).output)).toMatchObject({
      replayed: false,
      creditsUsed: 0.5,
    })
  })

  test('without credits the refusal is told, and no model is called', async () => {
    const calls = models.calls
    await engine.adjustCredits({ organizationId, credits: credits(-10), reason: 'test', sourceId: 'empty' })
    const refused = await translate('mail-3')
    expect(refused).toMatchObject({ code: 1, trace: '' })
    expect(JSON.parse(refused.output)).toMatchObject({ code: 'insufficient_credits', status: 402 })
    expect(models.calls).toBe(calls)
  })

  test('the books are right', async () => {
    expect(await engine.verifyLedger()).toMatchObject({ problems: [] })
  })
})
