import type { ReadingRole } from '@stipend/db'
import type { Pool } from 'pg'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { onlyVisibleTo } from './access.ts'
import type { Identity } from './identity.ts'

/** The role whose rights count: it reads one organization's rows, by row level security, and writes nothing. */
const tenant = 'stipend_tenant'

/** PostGraphile over schema stipend as one role sees it. Read only. */
export function createRoleSchema(pool: Pool, role: ReadingRole) {
  return postgraphile({
    extends: [PostGraphileAmberPreset],
    plugins: [onlyVisibleTo(role)],
    disablePlugins: ['MutationPlugin', 'SubscriptionPlugin'],
    pgServices: [
      makePgService({
        pool,
        schemas: ['stipend'],
        pubsub: false,
        pgSettingsForIntrospection: { role: tenant },
      }),
    ],
    schema: { dontSwallowErrors: true },
    grafserv: { graphqlPath: '/graphql', graphiql: false, websockets: false, maxRequestLength: 100_000 },
    grafast: {
      explain: false,
      // app.ts has put it there before PostGraphile sees the request.
      context: ({ honov4 }) => ({ pgSettings: settingsOf(honov4?.ctx.get('identity')) }),
    },
  })
}

/** Set for the transaction that answers a query. Without a person there are no rows. */
function settingsOf(identity: Identity | undefined): Record<string, string> {
  return {
    role: tenant,
    'stipend.organization_id': identity?.organizationId ?? '',
    statement_timeout: '5s',
  }
}
