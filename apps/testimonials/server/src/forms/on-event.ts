import type { EventHandler } from '@stipend/engine'
import type { Pool } from 'pg'
import { z } from 'zod'
import { eraseGenerations } from '../generations/generation.ts'
import { eraseCustomer } from './erase-customer.ts'

const erasedParty = z.object({ type: z.string(), id: z.string() })

/** What the product does when something has happened: who was erased from Stipend is erased here too. */
export function createEventHandler(database: Pool): EventHandler {
  return async ({ type, organizationId, payload }) => {
    if (type !== 'party.erased') return
    const party = erasedParty.parse(payload)
    if (party.type === 'customer') await eraseCustomer(database, { organizationId, customerId: party.id })
    if (party.type === 'member') await eraseGenerations(database, organizationId, party.id)
  }
}
