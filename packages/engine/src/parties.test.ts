import { expect, test } from 'vitest'
import { useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'
import { type Actor, PartyRegistry } from './parties.ts'

const ledger = await useLedger()
const { engine } = ledger
const actor = { type: 'member', id: 'ann', name: 'Ann', email: 'ann@example.com' } as const

test('a name first seen in a refused call is stored with the first one that is admitted', async () => {
  const organizationId = await ledger.createOrganization('payg')
  const refused = engine.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(50),
    actor,
  })
  await expect(refused).rejects.toMatchObject({ code: 'insufficient_credits' })
  await ledger.grant(organizationId, 100)
  await ledger.settle(organizationId, await ledger.hold(organizationId, 1, { actor }), 1)
  expect((await ledger.transactions(organizationId)).at(-1)?.actor).toEqual(actor)
})

test('one person is one row, for every process and for one that has forgotten', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const other = ledger.openEngine()
  const call = { organizationId, capability: 'reply', actor } as const
  await engine.reserveCredits(call)
  await other.engine.reserveCredits(call)
  await other.engine.reserveCredits({ ...call, actor: { ...actor, name: 'Ann Else' } })
  await other.close()
  const { rows } = await ledger.database.owner.query(
    `select name, octet_length(salt) as salt from stipend.credit_parties where organization_id = $1 order by name`,
    [organizationId],
  )
  expect(rows.map(({ name, salt }) => [name, salt])).toEqual([
    ['Ann', 16],
    ['Ann Else', 16],
  ])
  const small = new PartyRegistry(ledger.database.server, 1)
  const first = await digestOf(small, 'org', actor)
  await digestOf(small, 'org', { ...actor, id: 'bob' })
  expect(await digestOf(small, 'org', actor)).toBe(first)
  expect(await digestOf(small, 'another', actor)).not.toBe(first)
})

async function digestOf(
  registry: PartyRegistry,
  organizationId: string,
  party: Actor,
): Promise<string | undefined> {
  await registry.prepare()
  return registry.digest(organizationId, party)?.digest.toString('hex')
}
