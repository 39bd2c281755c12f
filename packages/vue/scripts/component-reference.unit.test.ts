import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { componentNames, componentReference } from './component-reference.ts'

test('COMPONENTS.md is what `npm run reference -w @stipend/vue` writes, and has every component', {
  timeout: 60_000,
}, async () => {
  const text = componentReference()
  expect(await readFile(join(import.meta.dirname, '../COMPONENTS.md'), 'utf8')).toBe(text)
  for (const name of componentNames) expect(text).toContain(`## ${name}\n`)
})
