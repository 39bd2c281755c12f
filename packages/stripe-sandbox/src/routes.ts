import type { Parameters } from './parameters.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** One call of the API. */
export interface Route {
  method: Method
  /** `/v1/customers/:id` */
  path: string
  /** Names of parameters that it knows, beside `expand`. */
  accepts?: readonly string[]
  handle: (parameters: Parameters, ids: readonly string[]) => unknown
}

const pattern = (path: string) => new RegExp(`^${path.replaceAll(/:\w+/g, '([^/]+)')}$`)

export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; ids: string[] } | undefined {
  for (const route of routes) {
    if (route.method !== method) continue
    const [, ...ids] = pattern(route.path).exec(path) ?? [undefined]
    if (pattern(route.path).test(path)) return { route, ids: ids.map((id) => decodeURIComponent(id ?? '')) }
  }
  return undefined
}
