import type { Pool } from 'pg'

/** Counts the round trips of the batched verbs on a pool that has no connection yet; what runs beside them is not. */
export function countVerbs(pool: Pool): { readonly count: number } {
  const counter = { count: 0 }
  pool.on('connect', (client) => {
    const query = client.query.bind(client)
    const counted = (...parameters: unknown[]): unknown => {
      const isVerb = /stipend\.(reserve|settle|release|extend)_/.test(JSON.stringify(parameters[0]))
      if (isVerb) counter.count += 1
      return Reflect.apply(query, client, parameters)
    }
    Object.assign(client, { query: counted })
  })
  return counter
}
