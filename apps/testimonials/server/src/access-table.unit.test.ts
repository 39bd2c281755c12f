import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { accessTable, openapiText } from './access-table.ts'

test('docs/access.md is what `npm run access-table -w @stipend/testimonials-server` writes', async () => {
  const path = join(import.meta.dirname, '../../../../docs/access.md')
  expect(await readFile(path, 'utf8')).toBe(accessTable())
})

test('openapi.json is what it writes too', async () => {
  const path = join(import.meta.dirname, '../openapi.json')
  expect(await readFile(path, 'utf8')).toBe(openapiText())
})
