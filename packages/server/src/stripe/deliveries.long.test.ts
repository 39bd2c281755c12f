import { afterAll, beforeAll, expect, test } from 'vitest'
import { deliverAll } from '../test-support/deliveries.ts'
import { createShop, type Shop } from '../test-support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const payments = 7700

test('of deliveries of which three in ten come twice, none credits twice and none is missing', async () => {
  const delivered = await deliverAll(shop, payments, 0.3)
  expect(delivered).toBeGreaterThan(payments * 1.25)
})
