import { credits } from '@stipend/engine'
import { cleanup, waitFor } from '@testing-library/vue'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type RunContext,
  useAIAccess,
  useAIOperationWithCredits,
  useAIRateLimits,
  useApiForCredits,
  useCreditBalance,
} from '../index.ts'
import { createKit, type Kit, type KitClient, unreachableClient, use } from '../test-support/kit.ts'
import { sentence } from '../test-support/kit-server.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})
afterEach(() => {
  cleanup()
  sessionStorage.clear()
})
afterAll(async () => {
  expect((await kit.stipend.engine.verifyLedger()).problems).toEqual([])
  await kit[Symbol.asyncDispose]()
})

const grant = (organizationId: string, amount: number) =>
  kit.stipend.engine.grantCredits({
    organizationId,
    type: 'promo',
    credits: credits(amount),
    sourceId: `grant-${organizationId}`,
  })

interface Input {
  text: string
  costs?: number
}

const operationOf = (client: KitClient, seen: RunContext<Input>[] = []) =>
  use(
    () =>
      useAIOperationWithCredits<Input>('reply', {
        run: (context) => {
          seen.push(context)
          const { input, quality, idempotencyKey, signal, onText } = context
          return client.run('/replies', { body: { ...input, quality }, idempotencyKey, signal, onText })
        },
      }),
    client,
  )

test('price before, text while it is written, receipt after; the books say the same', async () => {
  const { client, organizationId } = await kit.organization('pro')
  const reply = operationOf(client)
  expect(reply.price).toBe('–')
  await waitFor(() => expect(reply.price).toBe('4'))
  expect(reply.levels?.map(({ quality, name, price }) => [quality, name, price])).toEqual([
    ['fast', 'Fast', 4],
    ['enhanced', 'Enhanced', 12],
  ])
  reply.quality = 'enhanced'
  await waitFor(() => expect(reply.price).toBe('12'))
  await reply.start({ text: 'The kettle leaks.' })
  expect(reply).toMatchObject({
    status: 'done',
    text: sentence,
    refusal: null,
    draft: null,
    receipt: { creditsUsed: 1.25, creditsEstimated: 12, balanceRemaining: 498.75, quality: 'enhanced' },
  })
  const { transactions } = await kit.stipend.engine.listTransactions({ organizationId, limit: 1 })
  expect(transactions).toMatchObject([{ amount: -125, quality: 'enhanced' }])
})

test('a refusal keeps the draft; after the remedy resume() calls again, and the draft is done', async () => {
  const { client, organizationId } = await kit.organization()
  const seen: RunContext<Input>[] = []
  const reply = operationOf(client, seen)
  use(useCreditBalance, client)
  await reply.start({ text: 'one', costs: 8 })
  await reply.start({ text: 'two' })
  expect(reply).toMatchObject({ status: 'refused', draft: { text: 'two' }, text: '' })
  expect(reply.refusal).toMatchObject({
    code: 'insufficient_credits',
    remedy: { action: 'top_up', shortfall: 2, topup: { packageId: 'starter' } },
  })
  const later = operationOf(client)
  expect(later.draft).toEqual({ text: 'two' })
  await grant(organizationId, 50)
  await reply.resume()
  expect(reply).toMatchObject({ status: 'done', receipt: { creditsUsed: 1.25 }, draft: null })
  expect(seen.at(-1)?.input).toEqual({ text: 'two' })
  expect(sessionStorage.length).toBe(0)
})

test('when credits have come, the server lifts the refusal by itself', async () => {
  const { client, organizationId } = await kit.organization()
  const reply = use(() => {
    useCreditBalance()
    return useAIOperationWithCredits<Input>('reply', {
      run: ({ input, idempotencyKey }) => client.run('/replies', { body: input, idempotencyKey }),
    })
  }, client)
  await reply.start({ text: 'one', costs: 8 })
  await reply.start({ text: 'two' })
  expect(reply.status).toBe('refused')
  await waitFor(() => expect(reply.canProceed).toBe(false))
  await grant(organizationId, 50)
  await waitFor(() => expect(reply.status).toBe('idle'), { timeout: 5_000 })
  expect(reply.refusal).toBeNull()
  expect(reply.draft).toEqual({ text: 'two' })
})

test('a paid answer stays when the next one would be refused', async () => {
  const { client } = await kit.organization()
  const reply = operationOf(client)
  await reply.start({ text: 'all of it', costs: 10 })
  await waitFor(() => expect(reply.canProceed).toBe(false), { timeout: 4_000 })
  expect(reply.refusal).toBeNull()
  expect(reply.text).toBe(sentence)
})

test('what the plan does not have is refused before the first call', async () => {
  const { client } = await kit.organization()
  const access = use(() => useAIAccess('summary'), client)
  await waitFor(() => expect(access.upgradeRequired.value).toBe(true))
  expect(access.canProceed.value).toBe(false)
  expect(access.topupRequired.value).toBe(false)
  expect(access.refusal.value?.remedy?.plan?.plan).toBe('pro')
})

test('a provider that fails is a failure, and nothing is charged', async () => {
  const { client } = await kit.organization()
  const reply = operationOf(client)
  await reply.start({ text: 'fail' })
  expect(reply).toMatchObject({
    status: 'failed',
    refusal: { code: 'provider_failed' },
    draft: { text: 'fail' },
  })
  expect((await client.getBalance()).balance).toBe(10)
})

test('an answer that was lost on its way is asked for with the same key, and charged once', async () => {
  const { client } = await kit.organization()
  const keys: string[] = []
  const reply = use(
    () =>
      useAIOperationWithCredits<Input>('reply', {
        run: async ({ input, idempotencyKey }) => {
          keys.push(idempotencyKey)
          const answer = await client.run('/replies', { body: input, idempotencyKey })
          if (keys.length === 1) throw new TypeError('network error')
          return answer
        },
      }),
    client,
  )
  await reply.start({ text: 'once' })
  expect(reply).toMatchObject({ status: 'failed', refusal: { code: 'unreachable', retryable: true } })
  await reply.resume()
  expect(reply).toMatchObject({ status: 'done', receipt: { replayed: true, creditsUsed: 1.25 } })
  expect(new Set(keys).size).toBe(1)
  expect((await client.getBalance()).balance).toBe(8.75)
})

test('a call that runs is not doubled', async () => {
  const { client } = await kit.organization()
  const seen: RunContext<Input>[] = []
  const reply = operationOf(client, seen)
  await Promise.all([reply.start({ text: 'a' }), reply.start({ text: 'a' })])
  expect(seen).toHaveLength(1)
})

test('many that show the balance share one connection, and the last one ends it', async () => {
  const { client } = await kit.organization()
  let open = 0
  const counted: KitClient = {
    ...client,
    watchBalance: async (options) => {
      open += 1
      await client.watchBalance(options).finally(() => {
        open -= 1
      })
    },
  }
  const both = use(() => [useCreditBalance(), useCreditBalance()] as const, counted)
  await waitFor(() => expect(both[1].isLive.value).toBe(true))
  expect(open).toBe(1)
  expect(both[0]).toMatchObject({ percentUsed: { value: 0 }, isLow: { value: false } })
  expect(both[0].daysUntilReset.value).toBeGreaterThan(26)
  cleanup()
  await waitFor(() => expect(open).toBe(0))
})

test('limits and calls for pages of one’s own', async () => {
  const { client } = await kit.organization()
  const limits = use(() => useAIRateLimits('reply'), client)
  await waitFor(() => expect(limits.limits.value).toHaveLength(2))
  expect(limits.isLimited.value).toBe(false)
  const api = use(useApiForCredits, client)
  expect(await api.listTopupPackages()).toHaveLength(3)
  const gone = use(useCreditBalance, unreachableClient())
  await waitFor(() => expect(gone.status.value).toBe('error'), { timeout: 5_000 })
})
