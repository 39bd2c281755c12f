import { createStipend, type StipendOptions } from '@stipend/server'
import type { Pool } from 'pg'
import { shopkeeperOf } from './sign-in.ts'
import { catalog } from './stipend.catalog.ts'

/** Metering, and the API under /api/stipend, for whoever is signed in to this product. */
export function createMetering(database: Pool, providers: StipendOptions['providers']) {
  return createStipend({
    database,
    catalog,
    providers,
    identify: async (request) => {
      const shopkeeper = await shopkeeperOf(request.headers.get('authorization'))
      if (shopkeeper === null) return null
      const actor = { type: 'member', id: shopkeeper.id } as const
      return { organizationId: shopkeeper.shopId, role: 'member', actor }
    },
  })
}
