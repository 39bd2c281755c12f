import { expect, test } from 'vitest'
import { testCatalog } from '../test/catalog.ts'
import { useLedger } from '../test/ledger.ts'
import { credits, normalizeCatalog } from './index.ts'

const ledger = await useLedger()

test('calls decided while a push commits are admitted or refused, and leave no hold behind', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const { engine, close } = ledger.openEngine({ lanes: 1 })
  const wider = structuredClone<typeof testCatalog>(testCatalog)
  Object.assign(wider.plans.payg.allows, { draft: { fast: ['alpha'] } })
  const asked = { organizationId, capability: 'draft', estimatedCredits: credits(1000) } as const
  for (let round = 0; round < 6; round += 1) {
    const client = await ledger.database.server.connect()
    await client.query('begin')
    await client.query('select stipend.push_catalog($1::jsonb, $2, null)', [
      JSON.stringify(normalizeCatalog(wider)),
      'test',
    ])
    const answers = Array.from({ length: 512 }, () =>
      engine.reserveCredits(asked).catch((error) => error.code),
    )
    const pushed = new Promise<void>((resolve) => setImmediate(resolve)).then(() => client.query('commit'))
    const codes = new Set(await Promise.all(answers))
    await pushed
    client.release()
    expect([...codes].filter((code) => code !== 'not_in_plan' && code !== 'insufficient_credits')).toEqual([])
    expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
    await ledger.engine.pushCatalog({ author: 'test' })
  }
  await close()
})
