import { expect, it } from 'vitest'
import { countTokens } from './count-tokens.ts'

it('counts a run of 100 kB without a break in a moment', () => {
  const startedAt = performance.now()
  expect(countTokens('x'.repeat(100_000))).toBeGreaterThan(10_000)
  expect(countTokens('')).toBe(0)
  expect(countTokens('<|endoftext|>')).toBeGreaterThan(1)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
