import type { StipendEnv } from '@stipend/server'
import type { Context } from 'hono'
import type { Pool } from 'pg'
import { z } from 'zod'
import { createDigestKey } from '../forms/digest-key.ts'
import type { Form } from '../forms/form.ts'
import type { FormSettings } from '../forms/settings.ts'
import { clientAddress } from '../identity/client-address.ts'
import { type Customer, customerOf } from '../identity/customer.ts'
import { createIdTokenVerifier, type TokenCheck, type VerifyIdToken } from '../identity/id-token.ts'

/** Who a request to a public form comes from. */
export type IdentifyCustomer = (c: Context<StipendEnv>, form: Form) => Promise<Customer>

export function createIdentify(
  database: Pool,
  { idTokens, limits, trustedProxies }: FormSettings,
): IdentifyCustomer {
  const verify = createIdTokenVerifier(idTokens)
  const readKey = createDigestKey(database)
  return async (c, { organizationId, id: formId }) => {
    const [key, check] = await Promise.all([readKey(), checkToken(verify, c.req.header('authorization'))])
    const address = clientAddress(remoteAddressOf(c.env), c.req.header('x-forwarded-for'), trustedProxies)
    return customerOf({ organizationId, formId, key, limits }, check, address)
  }
}

/** Null where no token was sent; anything else in the header is a token that is not valid. */
async function checkToken(verify: VerifyIdToken, header: string | undefined): Promise<TokenCheck | null> {
  if (header === undefined || header.trim() === '') return null
  const [, token] = /^bearer +(\S+) *$/i.exec(header) ?? []
  return token === undefined ? { outcome: 'invalid' } : await verify(token)
}

const bindings = z.object({ remoteAddress: z.string().optional() })

/** The socket's other end, out of what `listen` hands to the app. */
export function remoteAddressOf(env: unknown): string | undefined {
  return bindings.safeParse(env).data?.remoteAddress
}
