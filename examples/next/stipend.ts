import { openai } from '@ai-sdk/openai'
import { createStipend } from '@stipend/server'
import { Pool } from 'pg'
import { memberOf } from './session.ts'
import { catalog } from './stipend.catalog.ts'

/** Metering, and the API under /api/stipend, for whoever is signed in to this product. */
export const stipend = createStipend({
  database: new Pool({ connectionString: process.env['DATABASE_URL'] }),
  catalog,
  basePath: '/api/stipend',
  providers: { openai },
  identify: async (request) => {
    const member = await memberOf(request)
    if (member === null) return null
    const actor = { type: 'member', id: member.id } as const
    return { organizationId: member.officeId, role: 'member', actor }
  },
})
