import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, test, vi } from 'vitest'
import { startEmbeddedPostgres } from './index.ts'
import { identify } from './process-identity.ts'
import { makeFolder, query } from './test-support/folder.ts'
import { Owner } from './test-support/owner.ts'

/** Asks again until there is an answer: how long a restart takes is not ours to know. */
function eventually<T>(work: () => Promise<T> | T): Promise<T> {
  return vi.waitFor(work, { timeout: 20_000, interval: 20 })
}

describe('kill −9 of the owner', () => {
  test('leaves an orphan, which the next start ends and replaces, with every commit', async () => {
    const dataDirectory = makeFolder()
    await using owner = new Owner({ dataDirectory })
    const orphan = await owner.server()
    await query(orphan.url, 'create table kept as select 1 as n')
    await owner.kill('SIGKILL')
    expect(identify(orphan.pid)).not.toBeNull()
    await using postgres = await startEmbeddedPostgres({ dataDirectory })
    expect(identify(orphan.pid)).toBeNull()
    expect(await query(postgres.url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('frees the port that the orphan held', async () => {
    const dataDirectory = makeFolder()
    await using owner = new Owner({ dataDirectory })
    const { port } = await owner.server()
    await owner.kill('SIGKILL')
    await using postgres = await startEmbeddedPostgres({ dataDirectory, port })
    expect(postgres.port).toBe(port)
  })

  test('and of PostgreSQL with it is survived, though a backend still works', async () => {
    const dataDirectory = makeFolder()
    await using owner = new Owner({ dataDirectory })
    const { url, pid } = await owner.server()
    await query(url, 'create table kept as select 1 as n')
    const { cut } = await startBusyBackend(url)
    await owner.kill('SIGKILL')
    process.kill(pid, 'SIGKILL')
    await using postgres = await startEmbeddedPostgres({ dataDirectory })
    expect(await query(postgres.url, 'select n from kept')).toEqual([{ n: 1 }])
    await cut
  })
})

describe('kill −9 of PostgreSQL', () => {
  test('brings it back on the same port with every commit', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDirectory: makeFolder() })
    await query(postgres.url, 'create table kept as select 1 as n')
    const { cut } = await startBusyBackend(postgres.url)
    const before = postgres.pid
    process.kill(before, 'SIGKILL')
    await cut
    expect(await eventually(() => query(postgres.url, 'select n from kept'))).toEqual([{ n: 1 }])
    expect(postgres.pid).not.toBe(before)
  })

  test('is given up with a reason when it goes on and on, and the folder is free again', async () => {
    const dataDirectory = makeFolder()
    const postgres = await startEmbeddedPostgres({ dataDirectory })
    for (let kills = 1; kills <= 6; kills++) {
      await eventually(() => query(postgres.url, 'select 1'))
      const { pid } = postgres
      process.kill(pid, 'SIGKILL')
      if (kills < 6) await eventually(() => expect(postgres.pid).not.toBe(pid))
    }
    expect(await postgres.ended).toMatchObject({ code: 'exited' })
    await using again = await startEmbeddedPostgres({ dataDirectory })
    expect(await query(again.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })
})

describe('a second owner', () => {
  test('is refused, with a message that names the first', async () => {
    const dataDirectory = makeFolder()
    await using owner = new Owner({ dataDirectory })
    const { url } = await owner.server()
    await expect(startEmbeddedPostgres({ dataDirectory })).rejects.toMatchObject({
      code: 'already_running',
      message: expect.stringContaining(`the process ${owner.process.pid}`),
    })
    expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('in the same process is refused too', async () => {
    const dataDirectory = makeFolder()
    await using postgres = await startEmbeddedPostgres({ dataDirectory })
    await expect(startEmbeddedPostgres({ dataDirectory })).rejects.toMatchObject({ code: 'already_running' })
    expect(await query(postgres.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('wins once among many that start at the same moment', async () => {
    const dataDirectory = makeFolder()
    const owners = Array.from({ length: 5 }, () => new Owner({ dataDirectory }))
    const answers = await Promise.all(owners.map((owner) => owner.answer()))
    expect(answers.filter((answer) => answer.url !== undefined)).toHaveLength(1)
    expect(answers.filter((answer) => answer.code === 'already_running')).toHaveLength(4)
    await Promise.all(owners.map((owner) => owner[Symbol.asyncDispose]()))
  })

  test('wins once among many that find the lock of a dead owner', async () => {
    const dataDirectory = makeFolder()
    await using dead = new Owner({ dataDirectory })
    await dead.server()
    await dead.kill('SIGKILL')
    const owners = Array.from({ length: 5 }, () => new Owner({ dataDirectory }))
    const answers = await Promise.all(owners.map((owner) => owner.answer()))
    expect(answers.filter((answer) => answer.url !== undefined)).toHaveLength(1)
    await Promise.all(owners.map((owner) => owner[Symbol.asyncDispose]()))
  })

  test('is let in where the number of a dead owner belongs to somebody else by now', async () => {
    const dataDirectory = makeFolder()
    writeFileSync(join(dataDirectory, 'owner-7'), `${process.ppid}\nanother time\n`)
    await using postgres = await startEmbeddedPostgres({ dataDirectory })
    expect(await query(postgres.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })
})

describe("the end of the owner's process", () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s stops PostgreSQL first, then dies of it',
    async (name) => {
      await using owner = new Owner({ dataDirectory: makeFolder() })
      const { pid } = await owner.server()
      owner.process.kill(name)
      expect(await owner.ended).toEqual({ code: null, signal: name })
      expect(identify(pid)).toBeNull()
    },
  )

  test.each(['exit', 'throw'])('by %s stops PostgreSQL', async (how) => {
    await using owner = new Owner({ dataDirectory: makeFolder() })
    const { pid } = await owner.server()
    owner.say(how)
    await owner.ended
    await eventually(() => expect(identify(pid)).toBeNull())
  })

  test('is left to the host where it listens to the signal itself', async () => {
    await using owner = new Owner({ dataDirectory: makeFolder() })
    const { url, pid } = await owner.server()
    owner.say('listen')
    expect(await owner.answer()).toEqual({ done: 'listen' })
    owner.process.kill('SIGTERM')
    expect(await owner.answer()).toEqual({ heard: 'SIGTERM' })
    expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }])
    owner.say('exit')
    await owner.ended
    await eventually(() => expect(identify(pid)).toBeNull())
  })
})

/** A backend that is too busy to notice that its server is dead; `cut` settles when its connection is lost. */
async function startBusyBackend(url: string): Promise<{ cut: Promise<void> }> {
  const client = new Client(url)
  client.on('error', () => undefined)
  await client.connect()
  const cut = client.query('select count(*) from generate_series(1, 1e10::bigint)').then(
    () => undefined,
    () => undefined,
  )
  return { cut }
}
