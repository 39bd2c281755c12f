import { createEngine } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { startJobs } from './jobs.ts'
import { catalog } from './stipend.catalog.ts'

describe('the jobs', () => {
  it('end holds that ran out, and stop', async () => {
    await using database = await createTestDatabase()
    const engine = createEngine({ database: database.server, catalog })
    await engine.pushCatalog({ author: 'test' })
    const organizationId = 'jobs'
    await engine.putOrganization({ organizationId, name: 'Jobs', plan: 'pro' })
    await engine.reserveCredits({ organizationId, capability: 'testimonial_polish', leaseSeconds: 1 })
    const reserved = async () => (await engine.checkCreditBalance(organizationId)).reservedCredits
    const open = async () => {
      const { rowCount } = await database.owner.query(
        `select from stipend.credit_reservations where status = 'open'`,
      )
      return rowCount
    }
    expect(await open()).toBe(1)
    const jobs = startJobs(engine, pino({ level: 'silent' }), 20)
    await expect.poll(open, { timeout: 10_000 }).toBe(0)
    await jobs.stop()
    expect(await reserved()).toBe(0)
    await engine.reserveCredits({ organizationId, capability: 'testimonial_polish', leaseSeconds: 1 })
    expect(await open()).toBe(1)
    await engine.close()
  })
})
