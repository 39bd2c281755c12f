import { expect, test } from 'vitest'
import { hours, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const usage = { model: 'beta', inputTokens: 100, outputTokens: 50 }

test('reserves, runs and settles what the run says it cost', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  let seen: unknown
  const answer = await engine.executeWithAIAccess(
    {
      organizationId,
      capability: 'reply',
      promptTokens: 100,
      actor: { type: 'member', id: 'ann', name: 'Ann' },
    },
    async ({ reservation, models }) => {
      seen = { models: models.map(({ key }) => key), reserved: await ledger.pools(organizationId) }
      return { result: reservation.quality, usage, metadata: { attempt: 1 } }
    },
  )
  expect(seen).toMatchObject({ models: ['alpha', 'beta'], reserved: { reserved: 41 } })
  expect(answer).toMatchObject({
    result: 'fast',
    creditsUsed: 300,
    creditsEstimated: 4100,
    balanceRemaining: 4700,
    model: 'beta',
    isReplay: false,
  })
  expect((await ledger.transactions(organizationId)).at(-1)).toMatchObject({
    model: 'beta',
    costUsd: 3_000_000n,
    actor: { type: 'member', id: 'ann', name: 'Ann' },
    providerMetadata: { attempt: 1, usage },
  })
})

test('a run that fails before it reported anything is free; what it throws is thrown', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const call = engine.executeWithAIAccess({ organizationId, capability: 'reply' }, async () => {
    throw new TypeError('no provider')
  })
  await expect(call).rejects.toThrow(new TypeError('no provider'))
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 10, reserved: 0 })
})

test('one that fails after it reported usage is charged that, as partial', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const call = engine.executeWithAIAccess({ organizationId, capability: 'reply' }, async ({ report }) => {
    report({ model: 'alpha', inputTokens: 1000, outputTokens: 0 })
    throw new Error('the client left')
  })
  await expect(call).rejects.toThrow('the client left')
  expect((await ledger.transactions(organizationId)).at(-1)).toMatchObject({
    amount: -100,
    flags: ['partial'],
  })
})

test('one that tells no usage is charged its estimate, marked so', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  await engine.executeWithAIAccess({ organizationId, capability: 'reply' }, async () => ({ result: 1 }))
  expect((await ledger.transactions(organizationId)).at(-1)).toMatchObject({
    amount: -100,
    flags: ['estimated'],
  })
})

test('the same key again gives the first answer and does not run', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  let runs = 0
  const call = (parameters: string) =>
    engine.executeWithAIAccess(
      { organizationId, capability: 'reply', idempotencyKey: 'k', parameters },
      async () => {
        runs += 1
        return { result: { text: 'Hello' }, usage }
      },
    )
  const first = await call('a prompt')
  expect(await call('a prompt')).toEqual({ ...first, isReplay: true })
  await expect(call('another prompt')).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  expect(runs).toBe(1)
})

test("the answer is kept 48 hours of the organization's time", async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const call = () =>
    engine.executeWithAIAccess({ organizationId, capability: 'reply', idempotencyKey: 'kept' }, async () => ({
      result: 'Hello',
      usage,
    }))
  await call()
  await ledger.moveClock(organizationId, hours(47.9))
  expect(await call()).toMatchObject({ isReplay: true, result: 'Hello' })
  await ledger.moveClock(organizationId, hours(0.2))
  await expect(call()).rejects.toMatchObject({ code: 'replay_expired' })
})

test('refused, it does not run', async () => {
  const organizationId = await ledger.createOrganization('payg')
  let runs = 0
  const call = engine.executeWithAIAccess(
    { organizationId, capability: 'reply', estimatedCredits: credits(3) },
    async () => {
      runs += 1
      return { result: null }
    },
  )
  await expect(call).rejects.toMatchObject({ code: 'insufficient_credits' })
  expect(runs).toBe(0)
})
