import { credits, type Engine } from '@stipend/engine'
import type { Pool } from 'pg'
import type { TestimonialsCatalog } from '../stipend.catalog.ts'
import { historyStart, writeHistory } from './history.ts'
import {
  demoColleagues,
  demoOwner,
  putDemoInvitation,
  putDemoMember,
  putDemoOrganizationRow,
} from './people.ts'
import { TestClock } from './test-clock.ts'

export const demoOrganization = { id: 'lumen-coffee', name: 'Lumen Coffee', plan: 'pro' } as const
/** As every new one is: on the free plan, without a past. */
export const freeDemoOrganization = { id: 'fern-and-fig', name: 'Fern & Fig', plan: 'free' } as const

type DemoEngine = Engine<TestimonialsCatalog>

const organizationId = demoOrganization.id

/** Makes the demo organization known to sign-in, with its owner; once. */
export async function putDemoOwner(database: Pool): Promise<void> {
  await putDemoOrganizationRow(database, demoOrganization)
  await putDemoMember(database, organizationId, { ...demoOwner, role: 'owner' })
}

/** On a database of our own: colleagues, an invitation, and a second organization of the owner's. Once. */
export async function putDemoColleagues(database: Pool): Promise<void> {
  for (const colleague of demoColleagues) await putDemoMember(database, organizationId, colleague)
  await putDemoInvitation(database, organizationId)
  await putDemoOrganizationRow(database, freeDemoOrganization)
  await putDemoMember(database, freeDemoOrganization.id, { ...demoOwner, role: 'owner' })
}

/** The free organization, and ceilings for the other one, where there are none. */
export async function putDemoSurroundings(engine: DemoEngine): Promise<void> {
  const { id, name, plan } = freeDemoOrganization
  await engine.putOrganization({ organizationId: id, name, plan })
  if ((await engine.listBudgets(organizationId)).length > 0) return
  const month = { organizationId, period: 'month', isHard: false } as const
  await engine.putBudget({ ...month, scopeType: 'organization', limitCredits: credits(400) })
  const [, priya] = demoColleagues
  await engine.putBudget({
    ...month,
    scopeType: 'member',
    scopeId: priya.id,
    limitCredits: credits(100),
    isHard: true,
  })
}

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
