import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiTypes } from './test-support/api-types.ts'

test('api.generated.ts is what `npm run types -w @stipend/client` writes', async () => {
  expect(await readFile(join(import.meta.dirname, 'api.generated.ts'), 'utf8')).toBe(await apiTypes())
})
