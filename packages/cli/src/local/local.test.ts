import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder, stipend } from '../test-support/stipend.ts'

test('the embedded database runs until it is told to stop, and then ends well', async () => {
  const directory = makeFolder()
  chmodSync(directory, 0o755)
  const signal = { prompt: 'Stop it with Ctrl+C.', name: 'SIGTERM' } as const
  const { code, output, errors } = await stipend(['database'], { directory, signal })
  expect(output).toMatch(/^PostgreSQL 18 runs on 127\.0\.0\.1:\d+, database app\. /)
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
})

test('a database elsewhere is none that it could run', async () => {
  const env = { DATABASE_URL: 'postgres://a:b@db.example.com:5432/app' }
  const { code, errors } = await stipend(['database'], { directory: makeFolder(), env })
  expect(code).toBe(2)
  expect(errors).toContain('DATABASE_URL names a database elsewhere')
})

test.each([
  [{}, 'Set STRIPE_API_BASE to http://127.0.0.1:12111'],
  [{ STRIPE_API_BASE: 'https://api.stripe.com', STRIPE_WEBHOOK_SECRET: 'whsec_x' }, 'Set STRIPE_API_BASE'],
  [{ STRIPE_API_BASE: 'http://127.0.0.1:12111' }, 'STRIPE_WEBHOOK_SECRET'],
])('the sandbox with %j says what to set', async (env, sentence) => {
  const { code, errors } = await stipend(['sandbox'], { directory: makeFolder(), env })
  expect(code).toBe(2)
  expect(errors).toContain(sentence)
})

test('.env gives what the environment does not', async () => {
  const directory = makeFolder()
  writeFileSync(join(directory, '.env'), 'DATABASE_URL=mysql://from-file\n')
  const fromFile = await stipend(['migrate', 'status'], { directory })
  expect(fromFile).toMatchObject({
    code: 2,
    errors: expect.stringContaining('DATABASE_URL is not of the form'),
  })
  const env = { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x' }
  const fromEnvironment = await stipend(['migrate', 'status'], { directory, env })
  expect(fromEnvironment.errors).toContain('127.0.0.1:1')
})
