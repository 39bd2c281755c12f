import { type ApiKeyScope, apiKeyScopes } from '@stipend/engine'
import { openapiDocument, type Role, reaches, roles } from '@stipend/server'
import { Pool } from 'pg'
import { createTestimonials } from './testimonials.ts'

/** Who makes a request: nobody known, a person in a role, or an API key with one scope. */
export type Caller = 'anonymous' | Role | 'operator' | `key ${ApiKeyScope}`
export const callers: readonly Caller[] = [
  'anonymous',
  ...roles,
  'operator',
  ...apiKeyScopes.map((scope) => `key ${scope}` as const),
]

/** A route and who may call it. */
export interface AccessRow {
  method: string
  path: string
  allowed: ReadonlySet<Caller>
}

/** What is read of an OpenAPI document: each way in with the roles or scopes that it takes. */
interface Document {
  paths: Readonly<
    Record<string, Readonly<Record<string, { security?: readonly Readonly<Record<string, string[]>>[] }>>>
  >
}

/** Every route of the document with those who may call it, as the middleware's table says (`protect()`). */
export function accessRows(document: Document): AccessRow[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security = [{}] }]) => {
      const isPublic = security.some((way) => Object.keys(way).length === 0)
      const least = security.flatMap((way) => way['person'] ?? [])[0]
      const scopes = security.flatMap((way) => way['apiKey'] ?? [])
      const takesKeys = security.some((way) => way['apiKey'] !== undefined)
      const isAllowed = (caller: Caller) => isPublic || (takesKeys && reachesRoute(caller, least, scopes))
      return { method: method.toUpperCase(), path, allowed: new Set(callers.filter(isAllowed)) }
    }),
  )
}

function reachesRoute(caller: Caller, least: string | undefined, scopes: readonly string[]): boolean {
  if (caller.startsWith('key ')) {
    const scope = caller.slice('key '.length)
    return least !== 'operator' && (scope === 'admin' || scopes.includes(scope))
  }
  const [role, needed] = [caller, least].map((name) =>
    [...roles, 'operator' as const].find((known) => known === name),
  )
  return role !== undefined && needed !== undefined && reaches(role, needed)
}

/** The OpenAPI document of all routes of the testimonials product. Connects to nothing. */
export function productDocument(): Document {
  const { app } = createTestimonials({ database: new Pool(), providers: {} })
  return openapiDocument(app) as Document
}

/** The text of openapi.json. */
export const openapiText = (): string => `${JSON.stringify(productDocument(), null, 2)}\n`

/** The text of docs/access.md. */
export function accessTable(): string {
  const rows = accessRows(productDocument())
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return `# Who may call what

Generated from the table that the middleware decides by (\`packages/server/src/route-access.ts\` and the product's own) by
\`npm run access-table -w @stipend/testimonials-server\`. A test calls every cell.

People have a role in an organization: each may do what those before it may. Operators are the platform's; a platform key
with the scope \`admin\` counts as one. Other API keys are an organization's and have scopes. Nobody but operators reaches
another organization than their own: its ids are answered like unknown ones. The routes below \`/jobs\` take a scheduler's
shared secret instead.

${line(['route', ...callers])}
${line(['---', ...callers.map(() => ':-:')])}
${rows.map(({ method, path, allowed }) => line([`\`${method} ${path}\``, ...callers.map((caller) => (allowed.has(caller) ? '●' : ''))])).join('\n')}
`
}
