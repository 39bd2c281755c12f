import { type ReadingRole, readingRoles } from '@stipend/db'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Pool } from 'pg'
import { grafserv } from 'postgraphile/grafserv/hono/v4'
import { type Identity, identify, type TokenSettings } from './identity.ts'
import { createRoleSchema } from './schema.ts'

/** GraphQL at POST /graphql for whom a token names, a schema for each role. `pool`: a member of stipend_server. */
export async function createApp({ pool, tokens }: { pool: Pool; tokens: TokenSettings }) {
  const roleApps = new Map<ReadingRole, Awaited<ReturnType<typeof startRole>>>()
  for (const role of readingRoles) roleApps.set(role, await startRole(pool, role))
  const app = new Hono<{ Variables: { identity: Identity } }>()
  app.post('/graphql', async (c) => {
    const identity = await identify(c.req.header('authorization'), tokens)
    const served = identity === null ? undefined : roleApps.get(identity.role)
    if (identity === null || served === undefined) {
      throw new HTTPException(401, {
        message: 'A bearer token with Hasura claims of this server’s issuer is needed.',
      })
    }
    c.set('identity', identity)
    return served.server.handleGraphQLEvent(c)
  })
  return {
    fetch: app.fetch,
    close: async () => {
      for (const { instance } of roleApps.values()) await instance.release()
    },
  }
}

async function startRole(pool: Pool, role: ReadingRole) {
  const instance = createRoleSchema(pool, role)
  // A database that is away is an error at the start, not at the first query.
  await instance.getSchema()
  const server = instance.createServ(grafserv)
  await server.ready()
  return { instance, server }
}
