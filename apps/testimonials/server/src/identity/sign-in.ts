import type { Identify, Logger, TokenIssuer } from '@stipend/server'
import type { Pool } from 'pg'
import type { Mailer } from '../mail/mailer.ts'
import { type Auth, createAuth } from './auth.ts'
import { type CurrentSession, currentSession } from './current-session.ts'
import { createIdentify } from './identify.ts'
import { letterLimit } from './letter-limit.ts'
import { listMembers, type OrganizationPeople } from './members.ts'
import { ownTokens } from './own-tokens.ts'
import { createPostOffice } from './post-office.ts'
import type { SignUpProof } from './sign-up-proof.ts'

export interface SignInOptions {
  /** A pool apart: while a password is hashed its connection waits, and metered calls should not wait for it. */
  database: Pool
  /** Where browsers reach this server. */
  baseUrl: URL
  /** Where the pages are. */
  frontendUrl: URL
  secret: string
  google?: { clientId: string; clientSecret: string } | undefined
  /** Further origins whose pages may send cookies. */
  allowedOrigins?: readonly string[] | undefined
  /** In small letters. */
  operatorEmails: readonly string[]
  mailer: Mailer
  putOrganization: (organization: { id: string; name: string }) => Promise<void>
  logger?: Logger | undefined
}

/** How people sign in: better-auth on schema `auth`, and what Stipend is told of who they are. */
export interface SignIn {
  auth: Auth
  signUpProof: SignUpProof
  identify: Identify
  /** null: the headers are nobody's. */
  currentSession(headers: Headers): Promise<CurrentSession | null>
  listMembers(organizationId: string): Promise<OrganizationPeople>
  /** How somebody can sign in. */
  ways: readonly ('password' | 'google')[]
  /** Whose pages may send cookies. */
  trustedOrigins: readonly string[]
  /** Of its own tokens, for Stipend's routes. */
  tokens: TokenIssuer
  /** An address that signs a person in who has an account, once and within the hour, and leads on to the pages. */
  oneTimeLink(email: string): Promise<string>
  /** Resolves when the mails under way are sent. */
  close(): Promise<void>
}

export function createSignIn(options: SignInOptions): SignIn {
  const { database, baseUrl, frontendUrl, allowedOrigins = [], mailer, logger } = options
  const operators = new Set(options.operatorEmails)
  const isOperator = ({ email, emailVerified }: { email: string; emailVerified: boolean }) =>
    emailVerified && operators.has(email.toLowerCase())
  const postOffice = createPostOffice(mailer, letterLimit(database), logger)
  const trustedOrigins = [...new Set([...originsOf(baseUrl, frontendUrl), ...allowedOrigins])]
  const { auth, links, signUpProof } = createAuth({ ...options, trustedOrigins, isOperator, postOffice })
  return {
    auth,
    signUpProof,
    trustedOrigins,
    identify: createIdentify({ auth, database, trustedOrigins, isOperator }),
    currentSession: (headers) => currentSession({ auth, database, isOperator }, headers),
    listMembers: (organizationId) => listMembers(database, organizationId),
    ways: options.google === undefined ? ['password'] : ['password', 'google'],
    tokens: ownTokens({
      origin: baseUrl.origin,
      database,
      isOperator,
      readKeys: () => auth.api.getJwks(),
    }),
    oneTimeLink: (email) =>
      links.catchLink(() =>
        auth.api.signInMagicLink({ body: { email, callbackURL: frontendUrl.href }, headers: new Headers() }),
      ),
    close: async () => {
      await postOffice.drain()
      mailer.close()
    },
  }
}

/** On one's own machine the server has two names. */
function originsOf(baseUrl: URL, frontendUrl: URL): string[] {
  const origins = [baseUrl.origin, frontendUrl.origin]
  if (baseUrl.hostname === '127.0.0.1') {
    const alias = new URL(baseUrl)
    alias.hostname = 'localhost'
    origins.push(alias.origin)
  }
  return origins
}
