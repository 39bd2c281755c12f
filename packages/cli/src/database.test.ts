import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@stipend/embedded'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder, stipend } from './test-support/stipend.ts'

test('without a URL, commands work on the database that runs in the nearest .stipend folder', async () => {
  const folder = makeFolder()
  const below = join(folder, 'apps', 'web')
  mkdirSync(below, { recursive: true })
  const dataDirectory = join(folder, '.stipend', 'postgres')
  const postgres = await startEmbeddedPostgres({ dataDirectory, databaseName: 'app' })

  onTestFinished(async () => {
    await postgres.stop()
    rmSync(postgres.dataDirectory, { recursive: true, force: true })
  })
  const client = new Client(postgres.url)
  await client.connect()
  await client.query('create database another')
  await client.end()

  // Where several databases are there, the one with Stipend in it is taken.
  expect((await stipend(['migrate', 'up'], { env: { DATABASE_URL: postgres.url } })).code).toBe(0)
  const up = await stipend(['migrate', 'up'], { directory: below })
  expect({ code: up.code, output: up.output }).toEqual({ code: 0, output: 'Nothing was pending.\n' })
  expect(up.errors).toMatch(
    new RegExp(`^On the running demo database in \\S+ \\(port ${postgres.port}\\)\\.\n$`),
  )
  const verified = await stipend(['verify'], { directory: below })
  expect(verified.output).toBe('0 organizations, 0 transactions, no problems\n')

  await postgres.stop()
  const stopped = await stipend(['verify'], { directory: below })
  expect(stopped.code).toBe(2)
  expect(stopped.errors).toMatch(
    /^stipend: No database: set DATABASE_URL .*\(nothing runs in \S+\.stipend\)\.\n$/,
  )
})
