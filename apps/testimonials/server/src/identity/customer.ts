import { createHmac } from 'node:crypto'
import type { Actor, CustomerLimit } from '@stipend/engine'
import type { FormLimits } from '../forms/settings.ts'
import { senderOf } from './client-address.ts'
import type { Person, TokenCheck } from './id-token.ts'

/** Who fills in a public form. */
export interface Customer {
  identity: 'verified' | 'anonymous'
  /** Why somebody who sent a token counts as anonymous. */
  notice: string | null
  actor: Actor
  /** As the limits and drafts know them; never an address or a name. */
  sender: string
  /** Of generations in 24 hours. */
  limits: readonly CustomerLimit[]
}

interface Place {
  organizationId: string
  formId: string
  /** Of digests. */
  key: Buffer
  limits: FormLimits
}

const notices = {
  invalid: 'The sign-in could not be verified, so you are treated as not signed in. Sign in again.',
  expired: 'The sign-in has expired, so you are treated as not signed in. Sign in again.',
  unchecked: 'The sign-in could not be checked at the moment, so you are treated as not signed in.',
} as const

/** The customer of a form by a token that was checked, else by the address. `check` is null where there was no token. */
export function customerOf(place: Place, check: TokenCheck | null, address: string | null): Customer {
  if (check?.outcome === 'verified') return signedIn(place, check.person)
  const { formId, limits } = place
  // An unknown address is one sender, so that it is limited too.
  const sender = `address:${digest(place, ['address', address === null ? null : senderOf(address)])}`
  return {
    identity: 'anonymous',
    notice: check === null ? null : notices[check.outcome],
    // The ledger is for ever, so it has no digest of an address.
    actor: { type: 'customer', id: 'anonymous' },
    sender,
    limits: [
      { key: `form:${formId}:${sender}`, limit: limits.perAddress },
      { key: `form:${formId}:anonymous`, limit: limits.anonymousPerForm },
    ],
  }
}

function signedIn(place: Place, { issuer, subject, name, email }: Person): Customer {
  const id = `customer:${digest(place, ['customer', issuer, subject])}`
  return {
    identity: 'verified',
    notice: null,
    actor: {
      type: 'customer',
      id,
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
    },
    sender: id,
    limits: [{ key: `form:${place.formId}:${id}`, limit: place.limits.perCustomer }],
  }
}

/** The same person or address has another digest at another organization. */
function digest({ key, organizationId }: Place, fields: readonly unknown[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([organizationId, ...fields]))
    .digest('hex')
    .slice(0, 40)
}
