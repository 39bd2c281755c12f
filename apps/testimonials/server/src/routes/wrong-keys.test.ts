import { afterAll, beforeAll, expect, it } from 'vitest'
import { defaultFormSettings } from '../forms/settings.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let direct: TestProduct
let proxied: TestProduct
beforeAll(async () => {
  direct = await startTestProduct({ providers: {} })
  proxied = await startTestProduct({ providers: {}, forms: { ...defaultFormSettings, trustedProxies: 1 } })
})
afterAll(async () => {
  await direct[Symbol.asyncDispose]()
  await proxied[Symbol.asyncDispose]()
})

const wrongKey = `sp_live_${'x'.repeat(43)}`

/** Status of a call with a key, with what stands in X-Forwarded-For. */
async function status(product: TestProduct, key: string, forwardedFor: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'x-forwarded-for': forwardedFor }
  return (await product.call('GET', '/credits/balance', undefined, headers)).status
}

async function statuses(
  product: TestProduct,
  count: number,
  from: (index: number) => string,
): Promise<number[]> {
  const all = Array.from({ length: count }, (_, index) => status(product, wrongKey, from(index)))
  return [...new Set(await Promise.all(all))].sort()
}

it('are counted by the connection: what a client writes into X-Forwarded-For changes nothing', async () => {
  const key = await direct.organization('direct', 'free')
  expect(await statuses(direct, 60, (index) => `203.0.113.${index}`)).toEqual([401])
  expect(await status(direct, wrongKey, '203.0.113.200')).toBe(429)
  expect(await status(direct, key, '203.0.113.200')).toBe(200)
})

it('behind a proxy are counted by the entry that the proxy wrote, an IPv6 network as one', async () => {
  const key = await proxied.organization('proxied', 'free')
  expect(await statuses(proxied, 60, (index) => `10.0.0.${index}, 203.0.113.7`)).toEqual([401])
  expect(await status(proxied, wrongKey, '203.0.113.7')).toBe(429)
  expect(await status(proxied, wrongKey, '203.0.113.7, 203.0.113.8')).toBe(401)
  expect(await status(proxied, key, '203.0.113.7')).toBe(200)
  expect(await statuses(proxied, 60, (index) => `2001:db8:0:1::${index.toString(16)}`)).toEqual([401])
  expect(await status(proxied, wrongKey, '2001:db8:0:1:ffff::1')).toBe(429)
  expect(await status(proxied, wrongKey, '2001:db8:0:2::1')).toBe(401)
})
