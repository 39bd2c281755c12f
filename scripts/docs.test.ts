import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('the tests that docs/security.md names are there', async () => {
  const text = await readFile(join(root, 'docs/security.md'), 'utf8')
  const named = [...text.matchAll(/`((?:packages|apps|db|scripts)\/[\w./-]+\.ts)`/g)].map(
    ([, path = '']) => path,
  )
  expect(named.length).toBeGreaterThan(15)
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
