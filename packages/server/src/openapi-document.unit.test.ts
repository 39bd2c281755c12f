import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serverDocument } from './openapi-file.ts'
import { jobRoutes, publicRoutes, routeAccess } from './route-access.ts'

const text = serverDocument()
const document: { paths: Record<string, Record<string, { security?: object[]; responses: object }>> } =
  JSON.parse(text)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation,
  })),
)

test('openapi.json is what `npm run openapi -w @stipend/server` writes', async () => {
  expect(await readFile(join(import.meta.dirname, '../openapi.json'), 'utf8')).toBe(text)
})

test('the routes of the document are those of the access table, and the public ones', () => {
  const names = operations.map(({ name }) => name)
  expect(names.toSorted()).toEqual([...Object.keys(routeAccess), ...publicRoutes, ...jobRoutes].toSorted())
})

test('each operation says its scopes and how it refuses', () => {
  for (const { name, operation } of operations) {
    expect(operation.responses).toHaveProperty(['default', 'content', 'application/problem+json'])
    const isPublic = publicRoutes.includes(name)
    expect(operation.security !== undefined).toBe(!isPublic)
  }
})
