import { createOpenAI, type OpenAIProviderSettings } from '@ai-sdk/openai'
import { createStipend } from '@stipend/server'
import type { Pool } from 'pg'
import { userOf } from './sessions.ts'
import { catalog } from './stipend.catalog.ts'

/** Metering, and the API under /api/stipend, for whoever is signed in to this product. */
export function createMetering(database: Pool, openai: OpenAIProviderSettings = {}) {
  return createStipend({
    database,
    catalog,
    providers: { openai: createOpenAI(openai) },
    identify: async (request) => {
      const user = userOf(request.headers.get('cookie'))
      if (user === null) return null
      const actor = { type: 'member', id: user.id, name: user.name } as const
      return { organizationId: user.companyId, role: 'member', actor }
    },
  })
}
