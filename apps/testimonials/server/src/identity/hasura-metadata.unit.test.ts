import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hasuraNamespace, roles } from '@stipend/server'
import { expect, test } from 'vitest'
import { hasuraClaims } from './hasura-claims.ts'

const folder = resolve(import.meta.dirname, '../../../../../db/hasura/metadata')
const entries = await readdir(folder, { recursive: true, withFileTypes: true })
const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
const text = (
  await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')))
).join('\n')

const all = (pattern: RegExp) =>
  [...new Set(Array.from(text.matchAll(pattern), ([, name = '']) => name))].sort()

test('the session variables of the Hasura metadata are claims that are signed, under the name that Hasura reads', () => {
  const claims = hasuraClaims('ann', { organizationId: 'acme', role: 'viewer' }, false)
  const named = all(/(x-hasura-[a-z-]+)/gi).map((name) => name.toLowerCase())
  expect(named).toEqual(['x-hasura-organization-id', 'x-hasura-user-id'])
  expect(Object.keys(claims ?? {})).toEqual(expect.arrayContaining(named))
  expect(hasuraNamespace).toBe('https://hasura.io/jwt/claims')
})

test('the roles of the Hasura metadata are those that are signed, and the public', () => {
  expect(all(/^ {2}- role: (\w+)$/gm)).toEqual([...roles, 'anonymous'].sort())
})
