/** `stipend.auth.ts`, for an app without a sign-in of its own. */
export const authFile = `import { randomUUID } from 'node:crypto'
import type { Identify } from '@stipend/server'
import { betterAuth } from 'better-auth'
import { organization } from 'better-auth/plugins'
import type { Pool } from 'pg'

interface AuthOptions {
  /** Has the tables auth_…, which \`stipend migrate auth\` makes. */
  database: Pool
  /** Makes an organization known to Stipend, before anybody belongs to it. */
  putOrganization: (organization: { id: string; name: string }) => Promise<void>
}

export type Auth = ReturnType<typeof createAuth>

/**
 * Sign-in by e-mail and password; people make organizations and invite others. Its settings are BETTER_AUTH_SECRET and
 * BETTER_AUTH_URL. Each organization brings free credits: before you go live, give it a mailer and set
 * \`requireEmailVerification\`.
 */
export function createAuth({ database, putOrganization }: AuthOptions) {
  return betterAuth({
    database,
    basePath: '/api/auth',
    emailAndPassword: { enabled: true, minPasswordLength: 10 },
    user: { modelName: 'auth_users' },
    session: { modelName: 'auth_sessions' },
    account: { modelName: 'auth_accounts' },
    verification: { modelName: 'auth_verifications' },
    telemetry: { enabled: false },
    plugins: [
      organization({
        schema: {
          organization: { modelName: 'auth_organizations' },
          member: { modelName: 'auth_members' },
          invitation: { modelName: 'auth_invitations' },
        },
        organizationLimit: 3,
        // Its ledger stays, and somebody has to be able to read it.
        disableOrganizationDeletion: true,
        organizationHooks: {
          beforeCreateOrganization: async ({ organization: given }) => {
            const id = randomUUID()
            await putOrganization({ id, name: given.name ?? id })
            return { data: { ...given, id } }
          },
        },
      }),
    ],
  })
}

/** Who is signed in, for Stipend: the organization that is active in the session, and the role in it. */
export function identifyBy(auth: Auth): Identify {
  return async ({ headers }) => {
    // A browser says whose page sends its cookie.
    const origin = headers.get('origin')
    const { trustedOrigins } = await auth.$context
    if (origin !== null && !trustedOrigins.includes(origin)) return null
    const found = await auth.api.getSession({ headers })
    const organizationId = found?.session.activeOrganizationId
    if (found === null || typeof organizationId !== 'string') return null
    const member = await auth.api.getActiveMember({ headers })
    if (member === null) return null
    const { id, name, email } = found.user
    const role = member.role === 'owner' || member.role === 'admin' ? member.role : 'member'
    return { organizationId, role, actor: { type: 'member', id, name, email } }
  }
}

/** Makes the tables of sign-in, and adds what a newer better-auth needs. */
export async function migrateAuth(database: Pool): Promise<void> {
  const { getMigrations } = await import('better-auth/db/migration')
  const { options } = createAuth({ database, putOrganization: async () => {} })
  const { runMigrations } = await getMigrations(options)
  await runMigrations()
  // The app's login, where another one migrates.
  const names = ['users', 'sessions', 'accounts', 'verifications', 'organizations', 'members', 'invitations']
  const tables = names.map((name) => \`auth_\${name}\`).join(', ')
  await database.query(\`grant select, insert, update, delete on \${tables} to stipend_server\`)
}
`
