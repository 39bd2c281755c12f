import { Pool } from 'pg'
import { openapiDocument } from './openapi-document.ts'
import { createStipend } from './stipend.ts'

/** The text of openapi.json: the document of Stipend's own routes. Connects to nothing. */
export function serverDocument(): string {
  const catalog = { models: {}, capabilities: {}, plans: { free: { monthlyCredits: 0, allows: {} } } }
  const { app } = createStipend({ database: new Pool(), catalog })
  return `${JSON.stringify(openapiDocument(app), null, 2)}\n`
}
