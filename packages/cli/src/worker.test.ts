import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestDatabase } from '@stipend/testing'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder, stipend } from './test-support/stipend.ts'

const endsRun = 'job=expire-grants'

async function migrated() {
  const database = await createTestDatabase()
  onTestFinished(() => database[Symbol.asyncDispose]())
  return {
    database,
    env: { DATABASE_URL: database.serverUrl, DIRECT_DATABASE_URL: database.ownerUrl },
  }
}

test('runs the jobs until it is told to stop, and exits 0', async () => {
  const { env } = await migrated()
  const ended = await stipend(['worker', '--verbose'], { env, signal: { prompt: endsRun, name: 'SIGTERM' } })
  expect(ended.code).toBe(0)
  expect(ended.errors).toBe('The worker runs. Stop it with Ctrl+C.\n')
  expect(ended.output).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+Z run job=cleanup-reservations count=0 ms=\d+ isDone=true jobId=\d+$/m,
  )
  for (const line of ended.output.trim().split('\n')) expect(line).toMatch(/^\S+Z run job=[a-z-]+ count=\d+ /)
  expect(ended.output + ended.errors).not.toContain(new URL(env.DATABASE_URL).password)
})

test('is silent unless asked, delivers events to a module, and says when the database is away and back', async () => {
  const { database, env } = await migrated()
  await database.owner.query(
    `insert into stipend.outbox_events (organization_id, type, payload, created_at) values ('acme', 'plan.changed', '{}', now())`,
  )
  const directory = makeFolder()
  writeFileSync(
    join(directory, 'events.mjs'),
    // The connection that listens for jobs is tried again after a while; what is delivered by another one is quicker.
    `import { setTimeout } from 'node:timers/promises'
     export async function onEvent({ type, organizationId }) {
       if (type === 'credits.test') await setTimeout(5_000)
       console.log('took', type, organizationId)
     }`,
  )
  const running = stipend(['worker', '--events', 'events.mjs'], {
    env,
    directory,
    signal: { prompt: 'took credits.test', name: 'SIGTERM' },
  })
  const connections = `from pg_stat_activity where application_name = 'stipend_worker' and datname = current_database()`
  const pending = async () =>
    (await database.owner.query('select from stipend.outbox_events where delivered_at is null')).rowCount
  await expect.poll(pending, { timeout: 15_000 }).toBe(0)
  await database.owner.query(`select pg_terminate_backend(pid) ${connections}`)
  await expect
    .poll(async () => (await database.owner.query(`select ${connections}`)).rowCount, { timeout: 15_000 })
    .toBeGreaterThan(0)
  await database.owner.query(
    `insert into stipend.outbox_events (organization_id, type, payload, created_at) values ('acme', 'credits.test', '{}', now())`,
  )
  await database.owner.query(`select stipend_jobs.add_job('deliver-events')`)
  const ended = await running
  expect(ended.output).toBe('took plan.changed acme\ntook credits.test acme\n')
  expect(ended.errors.match(/(?<=Z database )isAvailable=\w+/g)).toEqual([
    'isAvailable=false',
    'isAvailable=true',
  ])
  expect(ended.code).toBe(0)
})

test('says what is wrong where it cannot run', async () => {
  const { database, env } = await migrated()
  const denied = await stipend(['worker'], { env: { DATABASE_URL: database.serverUrl } })
  expect(denied.code).toBe(2)
  expect(denied.errors).toMatch(
    /^stipend: The worker keeps its jobs in schema stipend_jobs, .*DIRECT_DATABASE_URL/,
  )
  const missing = await stipend(['worker', '--events', 'none.ts'], { env })
  expect(missing).toMatchObject({ code: 2, errors: 'stipend: There is no file none.ts here.\n' })
})

test('serves metrics of its jobs where it is asked to, with a token beyond loopback', async () => {
  const { env } = await migrated()
  const running = stipend(['worker', '--verbose', '--metrics-port', '0'], {
    env,
    onErrors: {
      prompt: 'Metrics: ',
      act: async (line, child) => {
        const url = line.replace('Metrics: ', '')
        const read = async () => await (await fetch(url)).text()
        const wanted = /^stipend_job_last_success_timestamp_seconds\{job_name="expire-grants"\} \d{10}/m
        await expect.poll(read, { timeout: 20_000 }).toMatch(wanted)
        expect(await read()).toMatch(/^stipend_worker_connected 1$/m)
        child.kill('SIGTERM')
      },
    },
  })
  expect((await running).code).toBe(0)
  const open = await stipend(['worker', '--metrics-port', '0', '--metrics-host', '0.0.0.0'], { env })
  expect(open).toMatchObject({ code: 2, errors: expect.stringContaining('set STIPEND_METRICS_TOKEN') })
  const short = await stipend(['worker', '--metrics-port', '0'], {
    env: { ...env, STIPEND_METRICS_TOKEN: 'short' },
  })
  expect(short).toMatchObject({ code: 2, errors: expect.stringContaining('16 characters') })
})
