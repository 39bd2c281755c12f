import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Pool } from 'pg'

const daySeconds = 24 * 60 * 60

/** Which browser signed somebody up, by a cookie that it got then. */
export interface SignUpProof {
  /** The Set-Cookie header for the browser that has signed up a user. */
  cookieFor(userId: string): string
  /** Whether the request comes from the browser that signed up this user. */
  isOf(request: Request, userId: string): boolean
}

/**
 * Anybody can sign up with somebody else's address and a password of their own. Who opens the link in the mail proves the
 * mailbox; only the browser that signed up proves that the password is theirs too.
 */
export function createSignUpProof(options: { secret: string; isSecure: boolean }): SignUpProof {
  const name = 'testimonials.sign_up'
  const digest = (userId: string) =>
    createHmac('sha256', options.secret).update(`sign-up ${userId}`).digest('base64url')
  const attributes = `Path=/auth; Max-Age=${daySeconds}; HttpOnly; SameSite=Lax${options.isSecure ? '; Secure' : ''}`
  return {
    cookieFor: (userId) => `${name}=${digest(userId)}; ${attributes}`,
    isOf: (request, userId) => {
      const wanted = Buffer.from(digest(userId))
      const given = (request.headers.get('cookie') ?? '')
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(`${name}=`))
        .map((pair) => Buffer.from(pair.slice(name.length + 1)))
      return given.some((value) => value.length === wanted.length && timingSafeEqual(value, wanted))
    },
  }
}

/**
 * Hooks of better-auth: where an address is confirmed in another browser than the one that signed up, the password may be
 * somebody else's. It goes, and the mailbox gets a link to choose one.
 */
export function unprovenPasswords(
  database: Pool,
  proof: SignUpProof,
  sendReset: (email: string) => Promise<unknown>,
) {
  const isProven = (id: string, request: Request | undefined) =>
    request !== undefined && proof.isOf(request, id)
  return {
    beforeEmailVerification: async ({ id }: { id: string }, request?: Request) => {
      if (isProven(id, request)) return
      await database.query(
        `delete from auth.accounts where user_id = $1::text and provider_id = 'credential'`,
        [id],
      )
    },
    afterEmailVerification: async ({ id, email }: { id: string; email: string }, request?: Request) => {
      if (!isProven(id, request)) await sendReset(email)
    },
  }
}
