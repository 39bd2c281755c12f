import type { Engine } from '@stipend/engine'
import type { Pool } from 'pg'
import type { TestimonialsCatalog } from '../stipend.catalog.ts'
import { historyStart, writeHistory } from './history.ts'
import { TestClock } from './test-clock.ts'

export const demoOrganization = { id: 'lumen-coffee', name: 'Lumen Coffee', plan: 'pro' } as const

type DemoEngine = Engine<TestimonialsCatalog>

const organizationId = demoOrganization.id

/** Makes the demo organization, once; with credits as any new one has and no past. */
export async function putDemoOrganization(engine: DemoEngine): Promise<void> {
  const { name, plan } = demoOrganization
  await engine.putOrganization({ organizationId, name, plan })
}

/**
 * Makes the demo organization with a few weeks behind it, once. Only on a database of our own: its time is moved
 * while the past is written, and `owner` owns the tables.
 */
export async function putDemoOrganizationWithHistory(engine: DemoEngine, owner: Pool): Promise<void> {
  const clock = new TestClock(owner, organizationId)
  const now = new Date()
  const found = await owner.query('select from stipend.organizations where id = $1::text', [organizationId])
  if (found.rowCount === 0) await clock.moveTo(historyStart(now))
  // A clock that is still set tells that an earlier start was broken off.
  if (!(await clock.isSet())) return
  await putDemoOrganization(engine)
  const { periodStartsAt: from } = await engine.checkCreditBalance(organizationId)
  const apiKeyId = await putWebsiteKey(engine, owner, from)
  await writeHistory(engine, clock, { organizationId, from, now, apiKeyId })
  await clock.remove()
}

/** The key that the past's form used; nobody has its secret. */
async function putWebsiteKey(engine: DemoEngine, owner: Pool, createdAt: Date): Promise<string> {
  const name = 'Website form'
  const known = (await engine.listApiKeys(organizationId)).find((apiKey) => apiKey.name === name)
  if (known !== undefined) return known.id
  const { apiKey } = await engine.createApiKey({ organizationId, name, scopes: ['ai:run'] })
  await owner.query('update stipend.api_keys set created_at = $2::timestamptz where id = $1::uuid', [
    apiKey.id,
    createdAt,
  ])
  return apiKey.id
}
