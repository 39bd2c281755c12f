import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { historyArbitrary, liveTwice } from '../test-support/live-twice.ts'
import { createShop, type Shop } from '../test-support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

test('whatever order webhooks come in, the books end the same', { timeout: 600_000 }, async () => {
  let lives = 0
  const property = fc.asyncProperty(historyArbitrary, fc.nat(), async (steps, seed) => {
    lives += 1
    await liveTwice(shop, steps, seed)
  })
  await fc.assert(property, { numRuns: 1000 })
  expect(lives).toBeGreaterThanOrEqual(1000)
})
