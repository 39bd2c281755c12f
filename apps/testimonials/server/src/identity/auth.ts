import { hasuraNamespace, type Logger } from '@stipend/server'
import { betterAuth } from 'better-auth'
import { APIError } from 'better-auth/api'
import { jwt } from 'better-auth/plugins'
import { Kysely, PostgresDialect, WithSchemaPlugin } from 'kysely'
import type { Pool } from 'pg'
import { existingAccountLetter, resetLetter, verificationLetter } from '../mail/letters.ts'
import { createAccountLimit } from './account-limit.ts'
import { authLogger } from './auth-logger.ts'
import { authTables } from './auth-tables.ts'
import { hasuraClaims } from './hasura-claims.ts'
import { impliedMembership, listMemberships } from './memberships.ts'
import { createOneTimeLinks, oneTimeLinkPath } from './one-time-link.ts'
import { organizationPlugin } from './organizations.ts'
import type { PostOffice } from './post-office.ts'
import { createSignUpProof, unprovenPasswords } from './sign-up-proof.ts'

/** What sign-in stands on. */
export interface AuthOptions {
  /** Its schema `auth` is better-auth's. */
  database: Pool
  baseUrl: URL
  frontendUrl: URL
  /** Whose pages may send cookies, baseUrl and frontendUrl among them. */
  trustedOrigins: readonly string[]
  secret: string
  google?: { clientId: string; clientSecret: string } | undefined
  /** Verified addresses that may act as the platform's operators. */
  isOperator: (user: { email: string; emailVerified: boolean }) => boolean
  postOffice: PostOffice
  /** Makes an organization known to Stipend before anybody belongs to it, and tells it a new name. */
  putOrganization: (organization: { id: string; name: string }) => Promise<void>
  logger?: Logger | undefined
}

/** Below it are all routes of sign-in. */
export const authPath = '/auth'

/** Carries the client's address to better-auth; what a caller writes into it is overwritten. */
export const clientAddressHeader = 'x-stipend-client-address'

const hour = 60 * 60
const day = 24 * hour

export type Auth = ReturnType<typeof createAuth>['auth']

export function createAuth(options: AuthOptions) {
  const { baseUrl, postOffice, frontendUrl } = options
  const links = createOneTimeLinks()
  const accountLimit = createAccountLimit(options.database)
  const signUpProof = createSignUpProof({ secret: options.secret, isSecure: baseUrl.protocol === 'https:' })
  const signInUrl = new URL('/sign-in', frontendUrl).href
  const ways = { sendReset: async (_email: string): Promise<void> => undefined }
  const auth = betterAuth({
    appName: 'Testimonials',
    baseURL: baseUrl.origin,
    basePath: authPath,
    secret: options.secret,
    trustedOrigins: [...options.trustedOrigins],
    database: { db: openDatabase(options.database), type: 'postgres', transaction: true },
    user: authTables.user,
    session: { ...authTables.session, expiresIn: 7 * day, updateAge: day, cookieCache: { enabled: false } },
    account: {
      ...authTables.account,
      encryptOAuthTokens: true,
      accountLinking: { enabled: true, allowDifferentEmails: false },
    },
    verification: { ...authTables.verification, storeIdentifier: 'hashed' },
    rateLimit: rateLimits,
    hooks: accountLimit.hooks,
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      autoSignIn: false,
      minPasswordLength: 10,
      maxPasswordLength: 128,
      resetPasswordTokenExpiresIn: hour,
      revokeSessionsOnPasswordReset: true,
      onPasswordReset: async ({ user }) => {
        await accountLimit.forget(user.email)
        // The link came by mail.
        await options.database.query('update auth.users set email_verified = true where id = $1::text', [
          user.id,
        ])
      },
      // To our page always, whatever address the request names: the token is worth a password.
      sendResetPassword: async ({ user, token }) =>
        postOffice.post(resetLetter(user.email, resetUrl(frontendUrl, token))),
      onExistingUserSignUp: async ({ user }) => postOffice.post(existingAccountLetter(user.email, signInUrl)),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      autoSignInAfterVerification: false,
      expiresIn: hour,
      ...unprovenPasswords(options.database, signUpProof, (email) => ways.sendReset(email)),
      sendVerificationEmail: async ({ user, url }) => postOffice.post(verificationLetter(user.email, url)),
    },
    databaseHooks: { user: { create: { before: withPlainName }, update: { before: withPlainName } } },
    ...(options.google === undefined ? {} : { socialProviders: { google: options.google } }),
    plugins: [organizationPlugin(options), tokenPlugin(options), links.plugin],
    disabledPaths: [oneTimeLinkPath, '/error'],
    // Otherwise what broke is written to the console, with the rows that it was about.
    onAPIError: { throw: true, errorURL: signInUrl },
    advanced: {
      cookiePrefix: 'testimonials',
      useSecureCookies: baseUrl.protocol === 'https:',
      // Said aloud, since better-auth turns both off where NODE_ENV is test.
      disableCSRFCheck: false,
      disableOriginCheck: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
    },
    logger: authLogger(options.logger),
    telemetry: { enabled: false },
  })
  ways.sendReset = async (email) => {
    await auth.api.requestPasswordReset({ body: { email } })
  }
  return { auth, links, signUpProof }
}

const longestName = 200

/** One line, as the ledger takes names. */
async function withPlainName<User extends { name?: unknown }>(user: User): Promise<{ data: User }> {
  const { name } = user
  if (name === undefined) return { data: user }
  const isPlain =
    typeof name === 'string' && name.trim() !== '' && name.length <= longestName && !/\p{C}/u.test(name)
  if (isPlain) return { data: user }
  const message = `name must be one line of 1 to ${longestName} characters.`
  throw new APIError('BAD_REQUEST', { code: 'INVALID_NAME', message })
}

function resetUrl(frontendUrl: URL, token: string): string {
  const url = new URL('/reset-password', frontendUrl)
  url.searchParams.set('token', token)
  return url.href
}

/** better-auth names no schema in its queries; a search_path would be a setting of the session. */
function openDatabase(pool: Pool): Kysely<unknown> {
  return new Kysely({ dialect: new PostgresDialect({ pool }), plugins: [new WithSchemaPlugin('auth')] })
}

/** Per client address and path, counted in the database for all processes together. Windows in seconds. */
const rateLimits = {
  ...authTables.rateLimit,
  enabled: true,
  storage: 'database',
  window: 10,
  max: 100,
  customRules: {
    '/sign-in/email': { window: 60, max: 10 },
    '/sign-up/email': { window: 60, max: 5 },
    '/request-password-reset': { window: 60, max: 3 },
    '/send-verification-email': { window: 60, max: 3 },
    '/reset-password': { window: 60, max: 10 },
    '/change-password': { window: 60, max: 5 },
    '/verify-password': { window: 60, max: 5 },
    '/organization/invite-member': { window: 60, max: 20 },
    '/get-session': { window: 10, max: 300 },
  },
} as const

/** Tokens for servers that know the person by their signature alone, so they live short. */
function tokenPlugin({ database, baseUrl, isOperator }: AuthOptions) {
  return jwt({
    schema: authTables.jwks,
    disableSettingJwtHeader: true,
    jwks: { keyPairConfig: { alg: 'ES256' }, rotationInterval: 90 * day, gracePeriod: 30 * day },
    jwt: {
      issuer: baseUrl.origin,
      audience: baseUrl.origin,
      expirationTime: '5m',
      definePayload: async ({ user, session }) => {
        const memberships = await listMemberships(database, user.id)
        const active = session['activeOrganizationId']
        const membership = impliedMembership(memberships, typeof active === 'string' ? active : null)
        const claims = hasuraClaims(user.id, membership, isOperator(user))
        if (claims === null) {
          const message = 'Make an organization active first: POST /auth/organization/set-active.'
          throw new APIError('FORBIDDEN', { code: 'NO_ACTIVE_ORGANIZATION', message })
        }
        return { name: user.name, email: user.email, [hasuraNamespace]: claims }
      },
    },
  })
}
