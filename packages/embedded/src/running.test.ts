import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findRunningPostgres, startEmbeddedPostgres } from './index.ts'
import { makeFolder, query } from './test-support/folder.ts'

test('a running server is found by its data folder, also through a link, and is gone once it has stopped', async () => {
  const folder = makeFolder()
  const dataDirectory = join(folder, 'data')
  expect(findRunningPostgres(dataDirectory)).toBeNull()
  expect(existsSync(dataDirectory)).toBe(false)

  const postgres = await startEmbeddedPostgres({ dataDirectory, databaseName: 'Mine' })
  const found = findRunningPostgres(dataDirectory)
  expect(found).toMatchObject({ port: postgres.port, dataDirectory: postgres.dataDirectory })
  expect(await query(found?.url('Mine') ?? '', 'select current_database() as name')).toEqual([
    { name: 'Mine' },
  ])
  symlinkSync(dataDirectory, join(folder, 'link'))
  expect(findRunningPostgres(join(folder, 'link'))?.port).toBe(postgres.port)

  await postgres.stop()
  expect(findRunningPostgres(dataDirectory)).toBeNull()
})
